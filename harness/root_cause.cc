#include "harness/root_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

namespace assay::harness {
namespace {

using check::RequestOutcome;
using Steps = std::vector<const RequestOutcome*>;
using Is = std::function<bool(const RequestOutcome&)>;

bool has_failed(const RequestOutcome& step) {
    return std::any_of(step.assertions.begin(), step.assertions.end(), check::counted_failure);
}

std::uint32_t code(const RequestOutcome& step) { return step.answer ? step.answer->code : 0; }
bool good(const RequestOutcome& step) { return code(step) >= 200 && code(step) < 300; }
bool unbuilt(const RequestOutcome& step) { return code(step) == 404 || code(step) == 405 || code(step) == 501; }
bool crashed(const RequestOutcome& step) { return code(step) >= 500 && code(step) != 501; }
bool silent(const RequestOutcome& step) { return !step.answer; }
bool not_let_in(const RequestOutcome& step) { return code(step) == 401 || code(step) == 403; }
bool refused(const RequestOutcome& step) {
    return code(step) >= 400 && code(step) < 500 && !unbuilt(step) && !not_let_in(step);
}
bool redirected(const RequestOutcome& step) { return step.answer && step.answer->redirects > 0; }
bool writes(const RequestOutcome& step) { return step.method != "GET" && step.method != "HEAD"; }
bool empty_body_refused(const RequestOutcome& step) {
    return writes(step) && step.request_size == 0 && (code(step) == 400 || code(step) == 415);
}
bool filters(const RequestOutcome& step) { return !writes(step) && step.url.find('?') != std::string::npos; }

// The steps that answered well and left a variable empty which later steps needed.
std::set<std::uint32_t> losers(const std::vector<RequestOutcome>& run) {
    std::set<std::uint32_t> found;
    for (const RequestOutcome& step : run) {
        if (!has_failed(step)) continue;
        for (const auto& dependency : step.depends_on) {
            const auto earlier = std::find_if(run.begin(), run.end(), [&](const RequestOutcome& each) {
                return each.sequence == dependency.sequence;
            });
            if (dependency.lost && earlier != run.end() && good(*earlier)) found.insert(dependency.sequence);
        }
    }
    return found;
}

// A write that came to nothing shows in what later reads answer, without any variable to tell: those are not roots.
// Nor are they when a write was done and its answer lacks what it made.
void leave_out_later_reads(Steps& roots, const std::set<std::uint32_t>& lost) {
    const auto lost_write = std::find_if(roots.begin(), roots.end(), [&](const auto* step) {
        return writes(*step) && (!good(*step) || lost.contains(step->sequence));
    });
    if (lost_write == roots.end()) return;
    const auto sequence = (*lost_write)->sequence;
    std::erase_if(roots, [&](const auto* step) { return step->sequence > sequence && !writes(*step) && good(*step); });
}

// The failed steps that follow from no other; all failed ones when every chain begins at a step that passed.
Steps roots_of(const std::vector<RequestOutcome>& run, const std::set<std::uint32_t>& lost) {
    Steps roots, all;
    for (const RequestOutcome& step : run) {
        if (!has_failed(step)) continue;
        all.push_back(&step);
        if (!step.follows) roots.push_back(&step);
    }
    leave_out_later_reads(roots, lost);
    return roots.empty() ? all : roots;
}

std::size_t count(const Steps& steps, const Is& is) {
    return static_cast<std::size_t>(
        std::count_if(steps.begin(), steps.end(), [&](const auto* each) { return is(*each); }));
}
const RequestOutcome* first(const Steps& steps, const Is& is) {
    const auto found = std::find_if(steps.begin(), steps.end(), [&](const auto* each) { return is(*each); });
    return found == steps.end() ? steps.front() : *found;
}

template <std::size_t N>
bool says(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// A query that the database or the ORM takes for nonsense: wrong operators, functions, types.
constexpr std::array<std::string_view, 10> kQueryErrors = {
    "UndefinedFunction",       "operator does not exist",  "no such function",         "function does not exist",
    "syntax error at or near", "DatatypeMismatch",         "invalid input syntax for", "Cannot resolve keyword",
    "Cannot query \"",         "expected a number but got"};
// The database layer misused at run time.
constexpr std::array<std::string_view, 26> kDatabaseErrors = {"DetachedInstanceError",
                                                              "MissingGreenlet",
                                                              "QueuePool limit",
                                                              "is already flushing",
                                                              "IllegalStateChangeError",
                                                              "PendingRollbackError",
                                                              "InvalidRequestError",
                                                              "StatementError",
                                                              "OperationalError",
                                                              "ProgrammingError",
                                                              "InterfaceError",
                                                              "DBAPIError",
                                                              "asyncpg.exceptions",
                                                              "psycopg2.errors",
                                                              "another operation is in progress",
                                                              "no such table",
                                                              "no such column",
                                                              "UndefinedTable",
                                                              "UndefinedColumn",
                                                              "database is locked",
                                                              "SequelizeEagerLoadingError",
                                                              "SequelizeConnection",
                                                              "SequelizeDatabaseError",
                                                              "SequelizeTimeoutError",
                                                              "SQLITE_",
                                                              "relation \""};

// Words of an assertion about what is there and of which type, rather than which value it has.
bool about_shape(const check::Assertion& assertion) {
    static constexpr std::array<std::string_view, 9> kMessages = {
        "to have property", "to have deep property", "to have nested property", "expected undefined", "to be an array",
        "to be an object",  "to contain keys",       "to include keys",         "to have keys"};
    static constexpr std::array<std::string_view, 5> kNames = {"property", "is an array", "is an Array",
                                                               "is an integer", " has "};
    return assertion.message.empty()
               ? says(assertion.name, kNames)
               : says(assertion.message, kMessages) || assertion.message.find(" keys ") != std::string::npos;
}

// Of the failed assertions of these steps, are most about shape?
bool mostly_shape(const Steps& steps) {
    std::size_t shape = 0, all = 0;
    for (const auto* step : steps) {
        for (const auto& assertion : step->assertions) {
            if (!check::counted_failure(assertion)) continue;
            ++all;
            shape += about_shape(assertion) ? 1 : 0;
        }
    }
    return 2 * shape >= all;
}

RootCause logic(const char* cause, std::string summary, const RequestOutcome* example) {
    return {"logic_error", cause, std::move(summary), example};
}

RootCause of_crashes(const Steps& steps, std::string_view log) {
    const auto* example = first(steps, crashed);
    if (says(log, kQueryErrors))
        return logic("incorrect_query_logic", "server errors (5xx), and the log tells of queries that cannot work",
                     example);
    if (says(log, kDatabaseErrors))
        return logic("database_runtime_error", "server errors (5xx), and the log tells of the database layer", example);
    if (count(steps, filters) == steps.size())
        return logic("incorrect_query_logic", "server errors (5xx) on filtered lists alone", example);
    return logic("business_logic_defect", "requests end in a server error (5xx)", example);
}

RootCause of_content(const Steps& all) {
    Steps steps;
    std::copy_if(all.begin(), all.end(), std::back_inserter(steps), [](const auto* each) { return good(*each); });
    const auto* example = steps.front();
    if (mostly_shape(steps))
        return {"schema_format_error", "", "the endpoints answer, and the JSON has another shape", example};
    if (2 * count(steps, filters) >= steps.size())
        return logic("incorrect_query_logic", "filtered or paged lists hold other things than asked for",
                     first(steps, filters));
    return logic("business_logic_defect", "the endpoints answer in the right shape, with other values than expected",
                 example);
}

}  // namespace

RootCause root_cause(const std::vector<RequestOutcome>& run, std::string_view log) {
    const auto lost = losers(run);
    const Steps roots = roots_of(run, lost);
    // What a framework does by itself, seen on the wire.
    if (2 * count(roots, redirected) >= roots.size())
        return logic("framework_idiosyncrasy", "requests are redirected to another path, which changes their method",
                     first(roots, redirected));
    if (2 * count(roots, empty_body_refused) >= roots.size())
        return logic("framework_idiosyncrasy", "requests without a body are refused as malformed",
                     first(roots, empty_body_refused));
    const Is loses = [&](const RequestOutcome& step) { return lost.contains(step.sequence); };
    if (!lost.empty() && 2 * count(roots, loses) >= roots.size())
        return logic("state_propagation_failure",
                     "answers lack a value (an id, a slug, a token) that later requests need", first(roots, loses));

    struct Kind {
        std::size_t count;
        std::function<RootCause()> cause;
    };
    const Kind kinds[] = {
        {count(roots, unbuilt),
         [&] {
             return RootCause{"incomplete_implementation", "", "requests find no route (404, 405 or 501)",
                              first(roots, unbuilt)};
         }},
        {count(roots, crashed), [&] { return of_crashes(roots, log); }},
        {count(roots, not_let_in),
         [&] {
             return logic("auth_misconfiguration", "requests are not let in (401 or 403)", first(roots, not_let_in));
         }},
        {count(roots, refused),
         [&] {
             return logic("business_logic_defect", "requests are refused as malformed (4xx)", first(roots, refused));
         }},
        {count(roots, silent),
         [&] {
             return says(log, kDatabaseErrors)
                        ? logic("database_runtime_error", "no answer, and the log tells of the database layer",
                                first(roots, silent))
                        : logic("business_logic_defect", "requests get no answer", first(roots, silent));
         }},
        {count(roots, good), [&] { return of_content(roots); }},
    };
    const auto* most = std::max_element(std::begin(kinds), std::end(kinds),
                                        [](const Kind& left, const Kind& right) { return left.count < right.count; });
    if (most->count == 0)  // statuses below 200 or redirects that lead nowhere
        return logic("business_logic_defect", "requests get answers that the suite does not expect", roots.front());
    return most->cause();
}

}  // namespace assay::harness
