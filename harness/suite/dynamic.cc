// Postman's dynamic variables: {{$guid}} and all {{$random...}} ones, from small word lists of our own.
//
// newman draws them from faker; a test cannot depend on the value, only on its shape, and that is what is kept.
// A name that is not here stays literal in the request, as any unknown variable does.
#include <fmt/format.h>
#include <array>
#include <chrono>
#include <ctime>
#include <map>

#include "harness/suite/dynamic_business.h"
#include "harness/suite/variables.h"

namespace assay::suite {
namespace {

using Random = std::mt19937_64;
using Words = std::vector<std::string_view>;

std::uint64_t below(Random& random, std::uint64_t limit) { return random() % limit; }
std::string_view pick(Random& random, const Words& words) { return words[below(random, words.size())]; }

const Words kFirst = {"Ada",   "Alan",  "Barbara", "Carl",  "Dana",  "Edith", "Felix", "Grace",
                      "Henry", "Irene", "Jonas",   "Karen", "Linus", "Maria", "Nadia", "Oscar"};
const Words kLast = {"Baker", "Carter", "Dietrich", "Ellis", "Fischer", "Gomez", "Hansen", "Ivanova",
                     "Jones", "Keller", "Lambert",  "Moore", "Nolan",   "Ortiz", "Petrov", "Quinn"};
const Words kWords = {"anchor", "bridge", "candle", "desert", "engine", "forest", "garden", "harbor",
                      "island", "jacket", "kitten", "ladder", "mirror", "needle", "orange", "pencil"};
const Words kLatin = {"lorem", "ipsum",      "dolor", "sit",    "amet", "consectetur", "adipiscing", "elit",  "sed",
                      "do",    "incididunt", "ut",    "labore", "et",   "dolore",      "magna",      "aliqua"};
const Words kCities = {"Lisbon", "Oslo", "Turin", "Nairobi", "Osaka", "Quito", "Halifax", "Perth"};
const Words kCountries = {"Portugal", "Norway", "Italy", "Kenya", "Japan", "Ecuador", "Canada", "Australia"};
const Words kCountryCodes = {"PT", "NO", "IT", "KE", "JP", "EC", "CA", "AU"};
const Words kColors = {"red", "green", "blue", "yellow", "purple", "orange", "black", "white", "grey", "teal"};
const Words kSuffixes = {"com", "net", "org", "info", "biz", "name"};
const Words kCompany = {"Inc", "LLC", "Group", "and Sons"};
const Words kTitles = {"Engineer", "Analyst", "Designer", "Manager", "Consultant", "Architect"};
const Words kAreas = {"Security", "Data", "Product", "Quality", "Research", "Operations"};
const Words kProducts = {"Chair", "Table", "Keyboard", "Shoes", "Hat", "Bike", "Ball", "Towels"};
const Words kMaterials = {"Wooden", "Steel", "Cotton", "Granite", "Rubber", "Plastic"};
const Words kAdjectives = {"Small", "Ergonomic", "Rustic", "Sleek", "Refined", "Practical"};
const Words kCurrencies = {"USD", "EUR", "GBP", "JPY", "CHF", "NOK"};
const Words kDays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
const Words kMonths = {"January", "February", "March",     "April",   "May",      "June",
                       "July",    "August",   "September", "October", "November", "December"};
const Words kMimes = {"application/json", "text/html", "image/png", "text/plain", "application/pdf"};
const Words kExtensions = {"txt", "pdf", "png", "html", "json", "csv"};
const Words kAbbreviations = {"HTTP", "SQL", "JSON", "SSL", "TCP", "API", "XML", "RAM"};
const Words kLocales = {"en", "de", "fr", "ja", "pt", "nb", "es", "it"};
const Words kAgents = {"Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0",
                       "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                       "Chrome/108.0.0.0 Safari/537.36"};
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kPassword = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

std::string drawn(Random& random, std::string_view alphabet, int length) {
    std::string text;
    for (int i = 0; i < length; ++i) text += alphabet[below(random, alphabet.size())];
    return text;
}

std::string uuid(Random& random) {
    const std::uint64_t high = random(), low = random();
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff,
                       0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffff);
}

std::string iso(std::int64_t milliseconds) {
    const std::time_t seconds = milliseconds / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, milliseconds % 1000);
}

// As JavaScript writes a Date.
std::string date_text(std::int64_t time) {
    const std::time_t seconds = time;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 80> text{};
    return {text.data(), std::strftime(text.data(), text.size(),
                                       "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)", &utc)};
}

std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string words(Random& random, const Words& list, std::uint64_t count, std::string_view separator) {
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i > 0) text += separator;
        text += pick(random, list);
    }
    return text;
}

std::string sentence(Random& random) {
    auto text = words(random, kLatin, 4 + below(random, 5), " ");
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text + ".";
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
}

std::string domain(Random& r) { return fmt::format("{}-{}.{}", pick(r, kWords), pick(r, kWords), pick(r, kSuffixes)); }
std::string user_name(Random& r) { return fmt::format("{}.{}{}", pick(r, kFirst), pick(r, kLast), below(r, 100)); }
std::string company(Random& r) { return fmt::format("{} {}", pick(r, kLast), pick(r, kCompany)); }
std::string file_name(Random& r) {
    return fmt::format("{}_{}.{}", pick(r, kWords), pick(r, kWords), pick(r, kExtensions));
}
std::string coordinate(Random& r, int limit) {
    const auto span = static_cast<std::uint64_t>(limit) * 20000;
    return fmt::format("{:.4f}", static_cast<double>(below(r, span)) / 10000 - limit);
}
std::string day_offset(Random& r, int sign, std::int64_t days) {
    const auto span = static_cast<std::uint64_t>(days) * 86400;
    return date_text(now() / 1000 + sign * static_cast<std::int64_t>(below(r, span)));
}

const std::map<std::string_view, DynamicMaker>& makers() {
    static const std::map<std::string_view, DynamicMaker> table = {
        {"guid", uuid},
        {"randomUUID", uuid},
        {"timestamp", [](Random&) { return std::to_string(now() / 1000); }},
        {"isoTimestamp", [](Random&) { return iso(now()); }},
        {"randomInt", [](Random& r) { return std::to_string(below(r, 1001)); }},
        {"randomAlphaNumeric", [](Random& r) { return drawn(r, kAlphanumeric, 1); }},
        {"randomBoolean", [](Random& r) { return std::string(below(r, 2) == 0 ? "false" : "true"); }},
        {"randomColor", [](Random& r) { return std::string(pick(r, kColors)); }},
        {"randomHexColor", [](Random& r) { return "#" + drawn(r, kHex, 6); }},
        {"randomAbbreviation", [](Random& r) { return std::string(pick(r, kAbbreviations)); }},
        {"randomIP",
         [](Random& r) {
             return fmt::format("{}.{}.{}.{}", below(r, 256), below(r, 256), below(r, 256), below(r, 256));
         }},
        {"randomIPV6",
         [](Random& r) {
             auto text = drawn(r, kHex, 4);
             for (int i = 0; i < 7; ++i) text += ":" + drawn(r, kHex, 4);
             return text;
         }},
        {"randomMACAddress",
         [](Random& r) {
             auto text = drawn(r, kHex, 2);
             for (int i = 0; i < 5; ++i) text += ":" + drawn(r, kHex, 2);
             return text;
         }},
        {"randomPassword", [](Random& r) { return drawn(r, kPassword, 15); }},
        {"randomLocale", [](Random& r) { return std::string(pick(r, kLocales)); }},
        {"randomUserAgent", [](Random& r) { return std::string(pick(r, kAgents)); }},
        {"randomProtocol", [](Random& r) { return std::string(below(r, 2) == 0 ? "http" : "https"); }},
        {"randomSemver", [](Random& r) { return fmt::format("{}.{}.{}", below(r, 10), below(r, 10), below(r, 10)); }},
        {"randomFirstName", [](Random& r) { return std::string(pick(r, kFirst)); }},
        {"randomLastName", [](Random& r) { return std::string(pick(r, kLast)); }},
        {"randomFullName", [](Random& r) { return fmt::format("{} {}", pick(r, kFirst), pick(r, kLast)); }},
        {"randomNamePrefix",
         [](Random& r) {
             return std::string(pick(r, {"Mr.", "Mrs.", "Ms.", "Dr."}));
         }},
        {"randomNameSuffix",
         [](Random& r) {
             return std::string(pick(r, {"Jr.", "Sr.", "II", "PhD"}));
         }},
        {"randomJobTitle", [](Random& r) { return fmt::format("Senior {} {}", pick(r, kAreas), pick(r, kTitles)); }},
        {"randomJobType", [](Random& r) { return std::string(pick(r, kTitles)); }},
        {"randomJobArea", [](Random& r) { return std::string(pick(r, kAreas)); }},
        {"randomPhoneNumber",
         [](Random& r) {
             return fmt::format("{:03}-{:03}-{:04}", 200 + below(r, 800), below(r, 1000), below(r, 10000));
         }},
        {"randomCity", [](Random& r) { return std::string(pick(r, kCities)); }},
        {"randomStreetName", [](Random& r) { return fmt::format("{} Street", pick(r, kLast)); }},
        {"randomStreetAddress",
         [](Random& r) { return fmt::format("{} {} Street", 1 + below(r, 999), pick(r, kLast)); }},
        {"randomCountry", [](Random& r) { return std::string(pick(r, kCountries)); }},
        {"randomCountryCode", [](Random& r) { return std::string(pick(r, kCountryCodes)); }},
        {"randomLatitude", [](Random& r) { return coordinate(r, 90); }},
        {"randomLongitude", [](Random& r) { return coordinate(r, 180); }},
        {"randomEmail", [](Random& r) { return fmt::format("{}@{}", user_name(r), domain(r)); }},
        {"randomExampleEmail",
         [](Random& r) {
             return fmt::format("{}@example.{}", user_name(r), pick(r, {"com", "net", "org"}));
         }},
        {"randomUserName", user_name},
        {"randomUrl", [](Random& r) { return "http://" + domain(r); }},
        {"randomDomainName", domain},
        {"randomDomainSuffix", [](Random& r) { return std::string(pick(r, kSuffixes)); }},
        {"randomDomainWord", [](Random& r) { return std::string(pick(r, kWords)); }},
        {"randomCompanyName", company},
        {"randomCompanySuffix", [](Random& r) { return std::string(pick(r, kCompany)); }},
        {"randomProduct", [](Random& r) { return std::string(pick(r, kProducts)); }},
        {"randomProductName",
         [](Random& r) {
             return fmt::format("{} {} {}", pick(r, kAdjectives), pick(r, kMaterials), pick(r, kProducts));
         }},
        {"randomProductAdjective", [](Random& r) { return std::string(pick(r, kAdjectives)); }},
        {"randomProductMaterial", [](Random& r) { return std::string(pick(r, kMaterials)); }},
        {"randomDepartment", [](Random& r) { return std::string(pick(r, kAreas)); }},
        {"randomPrice", [](Random& r) { return fmt::format("{}.{:02}", below(r, 1000), below(r, 100)); }},
        {"randomCurrencyCode", [](Random& r) { return std::string(pick(r, kCurrencies)); }},
        {"randomBankAccount", [](Random& r) { return drawn(r, "0123456789", 8); }},
        {"randomCreditCardMask", [](Random& r) { return drawn(r, "0123456789", 4); }},
        {"randomDatePast", [](Random& r) { return day_offset(r, -1, 365); }},
        {"randomDateFuture", [](Random& r) { return day_offset(r, 1, 365); }},
        {"randomDateRecent", [](Random& r) { return day_offset(r, -1, 1); }},
        {"randomWeekday", [](Random& r) { return std::string(pick(r, kDays)); }},
        {"randomMonth", [](Random& r) { return std::string(pick(r, kMonths)); }},
        {"randomFileName", file_name},
        {"randomFileExt", [](Random& r) { return std::string(pick(r, kExtensions)); }},
        {"randomFileType",
         [](Random& r) {
             return std::string(pick(r, {"text", "image", "application"}));
         }},
        {"randomMimeType", [](Random& r) { return std::string(pick(r, kMimes)); }},
        {"randomDirectoryPath", [](Random& r) { return fmt::format("/usr/{}", pick(r, kWords)); }},
        {"randomFilePath", [](Random& r) { return fmt::format("/home/{}", file_name(r)); }},
        {"randomImageUrl", [](Random&) { return std::string("http://placeimg.com/640/480"); }},
        {"randomNoun", [](Random& r) { return std::string(pick(r, kWords)); }},
        {"randomVerb",
         [](Random& r) {
             return std::string(pick(r, {"parse", "copy", "index", "hack", "connect"}));
         }},
        {"randomAdjective", [](Random& r) { return lower(pick(r, kAdjectives)); }},
        {"randomWord", [](Random& r) { return std::string(pick(r, kWords)); }},
        {"randomWords", [](Random& r) { return words(r, kWords, 2 + below(r, 3), " "); }},
        {"randomPhrase", sentence},
        {"randomCatchPhrase", [](Random& r) { return fmt::format("{} {}", pick(r, kAdjectives), pick(r, kWords)); }},
        {"randomLoremWord", [](Random& r) { return std::string(pick(r, kLatin)); }},
        {"randomLoremWords", [](Random& r) { return words(r, kLatin, 3, " "); }},
        {"randomLoremSentence", sentence},
        {"randomLoremSentences", [](Random& r) { return sentence(r) + " " + sentence(r); }},
        {"randomLoremText", [](Random& r) { return sentence(r) + " " + sentence(r); }},
        {"randomLoremParagraph", [](Random& r) { return sentence(r) + " " + sentence(r) + " " + sentence(r); }},
        {"randomLoremSlug", [](Random& r) { return words(r, kLatin, 3, "-"); }},
    };
    return table;
}

}  // namespace

std::optional<std::string> Dynamic::make(std::string_view name) {
    if (!name.starts_with('$')) return std::nullopt;
    for (const auto* table : {&makers(), &business_makers()}) {
        const auto found = table->find(name.substr(1));
        if (found != table->end()) return found->second(random_);
    }
    return std::nullopt;
}

}  // namespace assay::suite
