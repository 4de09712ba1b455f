// XPath 1.0 over XML and HTML, by libxml2, which Hurl uses too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "harness/hurl/value.h"

namespace assay::hurl {

// A parsed document. Not thread-safe.
class XmlDocument {
 public:
    enum class Format { xml, html };
    // Empty when there is nothing in it. Broken documents are repaired as far as libxml2 can; nothing is fetched and no
    // entity of the document's own is expanded.
    static std::optional<XmlDocument> parse(std::string_view text, Format format);

    // A number, boolean, text or the size of a node set. Empty: the expression is not valid. In XML the prefixes of the
    // document stand for their namespaces, and "_" for the default one.
    [[nodiscard]] std::optional<Value> evaluate(const std::string& expression) const;

    ~XmlDocument();
    XmlDocument(XmlDocument&&) noexcept;
    XmlDocument& operator=(XmlDocument&&) noexcept;

 private:
    struct Tree;
    explicit XmlDocument(std::unique_ptr<Tree> tree);
    std::unique_ptr<Tree> tree_;
};

}  // namespace assay::hurl
