#include "harness/suite/dynamic_business.h"

#include <fmt/format.h>
#include <vector>

namespace assay::suite {
namespace {

using Random = std::mt19937_64;
using Words = std::vector<std::string_view>;

std::string pick(Random& random, const Words& words) { return std::string(words[random() % words.size()]); }

std::string drawn(Random& random, std::string_view alphabet, std::uint64_t length) {
    std::string text;
    for (std::uint64_t i = 0; i < length; ++i) text += alphabet[random() % alphabet.size()];
    return text;
}

const Words kVerbs = {"enhance", "cultivate", "mesh", "visualize", "architect", "deploy", "streamline", "scale"};
const Words kAdjectives = {"back-end", "web-enabled", "front-end", "scalable", "robust", "open-source", "24/365"};
const Words kNouns = {"experiences", "communities", "infrastructures", "markets", "platforms", "schemas", "portals"};
const Words kPraise = {"Optional", "Triple-buffered", "Vision-oriented", "Adaptive", "Networked", "Seamless"};
const Words kDescriptors = {"directional", "human-resource", "client-driven", "local", "modular", "bottom-line"};
const Words kGoods = {"task-force", "toolset", "software", "framework", "database", "archive"};
const Words kColumns = {"id", "title", "name", "email", "group", "createdAt", "updatedAt", "token"};
const Words kTypes = {"int", "varchar", "text", "date", "datetime", "blob", "time", "boolean", "enum", "set"};
const Words kCollations = {"utf8_unicode_ci", "utf8_general_ci",  "utf8_bin",
                           "ascii_bin",       "ascii_general_ci", "cp1250_bin"};
const Words kEngines = {"InnoDB", "MyISAM", "MEMORY", "CSV", "BLACKHOLE", "ARCHIVE"};
const Words kAccounts = {"Savings Account", "Checking Account", "Money Market Account", "Home Loan Account"};
const Words kTransactions = {"deposit", "withdrawal", "payment", "invoice"};
const Words kCurrencies = {"Euro", "US Dollar", "Pound Sterling", "Yen", "Swiss Franc", "Rand", "Norwegian Krone"};
const Words kSymbols = {"$", "€", "£", "¥", "kr", "₭"};
const Words kDoing = {"generating", "connecting", "copying", "parsing", "indexing", "hacking"};
const Words kLevels = {"Direct", "Forward", "Internal", "Senior", "Lead", "Global"};
const Words kFiles = {"report", "orchard_invoice", "granite_berkshire", "smtp_matrix", "haptic_panel"};
const Words kExtensions = {"pdf", "png", "jpg", "mp3", "mp4", "html", "csv", "gif"};
const Words kLatin = {"dolores",  "maiores", "officia", "assumenda", "numquam",
                      "deserunt", "esse",    "fugit",   "sed",       "ut"};

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

std::string sentence(Random& random) {
    auto text = pick(random, kLatin);
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
    for (std::uint64_t i = 0, more = 2 + random() % 6; i < more; ++i) text += " " + pick(random, kLatin);
    return text + ".";
}

std::string sentences(Random& random, std::uint64_t count, std::string_view between) {
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i > 0) text += between;
        text += sentence(random);
    }
    return text;
}

// A German number with its check digits right (ISO 13616).
std::string iban(Random& random) {
    const auto account = drawn(random, kDigits, 18);
    unsigned rest = 0;
    for (const char c : account + "131400") rest = (rest * 10 + static_cast<unsigned>(c - '0')) % 97;
    return fmt::format("DE{:02}{}", 98 - rest, account);
}

std::string picture(std::string_view topic) { return fmt::format("http://placeimg.com/640/480/{}", topic); }

}  // namespace

const std::map<std::string_view, DynamicMaker>& business_makers() {
    static const std::map<std::string_view, DynamicMaker> table = {
        {"randomPhoneNumberExt",
         [](Random& r) {
             return fmt::format("{:02}-{}-{}-{}", r() % 100, 200 + r() % 800, drawn(r, kDigits, 3),
                                drawn(r, kDigits, 4));
         }},
        {"randomBs",
         [](Random& r) {
             const auto verb = pick(r, kVerbs), adjective = pick(r, kAdjectives);
             return fmt::format("{} {} {}", verb, adjective, pick(r, kNouns));
         }},
        {"randomBsAdjective", [](Random& r) { return pick(r, kAdjectives); }},
        {"randomBsBuzz", [](Random& r) { return pick(r, kVerbs); }},
        {"randomBsNoun", [](Random& r) { return pick(r, kNouns); }},
        {"randomCatchPhraseAdjective", [](Random& r) { return pick(r, kPraise); }},
        {"randomCatchPhraseDescriptor", [](Random& r) { return pick(r, kDescriptors); }},
        {"randomCatchPhraseNoun", [](Random& r) { return pick(r, kGoods); }},
        {"randomDatabaseColumn", [](Random& r) { return pick(r, kColumns); }},
        {"randomDatabaseType", [](Random& r) { return pick(r, kTypes); }},
        {"randomDatabaseCollation", [](Random& r) { return pick(r, kCollations); }},
        {"randomDatabaseEngine", [](Random& r) { return pick(r, kEngines); }},
        {"randomBankAccountName", [](Random& r) { return pick(r, kAccounts); }},
        {"randomTransactionType", [](Random& r) { return pick(r, kTransactions); }},
        {"randomCurrencyName", [](Random& r) { return pick(r, kCurrencies); }},
        {"randomCurrencySymbol", [](Random& r) { return pick(r, kSymbols); }},
        {"randomBitcoin", [](Random& r) { return drawn(r, "13", 1) + drawn(r, kBase58, 25 + r() % 9); }},
        {"randomBankAccountIban", iban},
        {"randomBankAccountBic",
         [](Random& r) { return drawn(r, kCapitals, 4) + "DE" + drawn(r, kCapitals, 1) + "1"; }},
        {"randomIngverb", [](Random& r) { return pick(r, kDoing); }},
        {"randomAvatarImage",
         [](Random& r) { return fmt::format("https://cdn.fakercloud.com/avatars/{}_128.jpg", pick(r, kLatin)); }},
        {"randomAbstractImage", [](Random&) { return picture("abstract"); }},
        {"randomAnimalsImage", [](Random&) { return picture("animals"); }},
        {"randomBusinessImage", [](Random&) { return picture("business"); }},
        {"randomCatsImage", [](Random&) { return picture("cats"); }},
        {"randomCityImage", [](Random&) { return picture("city"); }},
        {"randomFoodImage", [](Random&) { return picture("food"); }},
        {"randomNightlifeImage", [](Random&) { return picture("nightlife"); }},
        {"randomFashionImage", [](Random&) { return picture("fashion"); }},
        {"randomPeopleImage", [](Random&) { return picture("people"); }},
        {"randomNatureImage", [](Random&) { return picture("nature"); }},
        {"randomSportsImage", [](Random&) { return picture("sports"); }},
        {"randomTransportImage", [](Random&) { return picture("transport"); }},
        {"randomImageDataUri",
         [](Random&) {
             return std::string(
                 "data:image/svg+xml;charset=UTF-8,%3Csvg%20xmlns%3D%22http%3A%2F%2Fwww.w3.org%2F2000%2Fsvg%22%20"
                 "version%3D%221.1%22%2F%3E");
         }},
        {"randomLoremParagraphs",
         [](Random& r) {
             const auto first = sentences(r, 4, " "), second = sentences(r, 4, " ");
             return first + "\n \r" + second + "\n \r" + sentences(r, 4, " ");
         }},
        {"randomLoremLines", [](Random& r) { return sentences(r, 2 + r() % 3, "\n"); }},
        {"randomJobDescriptor", [](Random& r) { return pick(r, kLevels); }},
        {"randomCommonFileName",
         [](Random& r) {
             const auto name = pick(r, kFiles);
             return name + "." + pick(r, kExtensions);
         }},
        {"randomCommonFileType",
         [](Random& r) {
             return pick(r, {"video", "audio", "image", "text", "application"});
         }},
        {"randomCommonFileExt", [](Random& r) { return pick(r, kExtensions); }},
    };
    return table;
}

}  // namespace assay::suite
