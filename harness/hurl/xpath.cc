#include "harness/hurl/xpath.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <mutex>

namespace assay::hurl {
namespace {

constexpr unsigned long kOperations = 20'000'000;  // of one evaluation

struct Free {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
    void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
    void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
};

void silent(void*, xmlErrorPtr) {}

// In document order, without recursion: documents may be deep.
void register_namespaces(xmlDoc* document, xmlXPathContext* context) {
    bool default_known = false;
    const xmlNode* node = xmlDocGetRootElement(document);
    while (node != nullptr) {
        if (node->type == XML_ELEMENT_NODE) {
            for (const xmlNs* space = node->nsDef; space != nullptr; space = space->next) {
                if (space->prefix == nullptr && default_known) continue;
                const xmlChar* prefix =
                    space->prefix != nullptr ? space->prefix : reinterpret_cast<const xmlChar*>("_");
                default_known = default_known || space->prefix == nullptr;
                xmlXPathRegisterNs(context, prefix, space->href);
            }
        }
        if (node->type == XML_ELEMENT_NODE && node->children != nullptr) {
            node = node->children;
            continue;
        }
        while (node != nullptr && node->next == nullptr) node = node->parent;
        if (node != nullptr) node = node->next;
    }
}

}  // namespace

struct XmlDocument::Tree {
    std::unique_ptr<xmlDoc, Free> document;
    Format format = Format::xml;
};

XmlDocument::XmlDocument(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
XmlDocument::~XmlDocument() = default;
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;

std::optional<XmlDocument> XmlDocument::parse(std::string_view text, Format format) {
    static std::once_flag initialised;  // before threads parse at once
    std::call_once(initialised, [] { xmlInitParser(); });
    if (text.size() > INT32_MAX) return std::nullopt;
    auto tree = std::make_unique<Tree>();
    tree->format = format;
    const int size = static_cast<int>(text.size());
    if (format == Format::xml) {
        tree->document.reset(
            xmlReadMemory(text.data(), size, nullptr, "utf-8",
                          XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET));
    } else {
        tree->document.reset(
            htmlReadMemory(text.data(), size, nullptr, "utf-8",
                           HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET));
    }
    if (!tree->document || xmlDocGetRootElement(tree->document.get()) == nullptr) return std::nullopt;
    return XmlDocument(std::move(tree));
}

std::optional<Value> XmlDocument::evaluate(const std::string& expression) const {
    const std::unique_ptr<xmlXPathContext, Free> context(xmlXPathNewContext(tree_->document.get()));
    if (!context) return std::nullopt;
    context->error = silent;
    context->opLimit = kOperations;
    if (tree_->format == Format::xml) register_namespaces(tree_->document.get(), context.get());
    const std::unique_ptr<xmlXPathObject, Free> found(
        xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(expression.c_str()), context.get()));
    if (!found) return std::nullopt;
    switch (found->type) {
        case XPATH_NUMBER: return Value{Number(found->floatval)};
        case XPATH_BOOLEAN: return Value{found->boolval != 0};
        case XPATH_STRING: return Value{std::string(reinterpret_cast<const char*>(found->stringval))};
        case XPATH_NODESET:
            return Value{
                Nodeset{found->nodesetval != nullptr ? static_cast<std::size_t>(found->nodesetval->nodeNr) : 0}};
        default: return std::nullopt;
    }
}

}  // namespace assay::hurl
