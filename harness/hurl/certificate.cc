#include "harness/hurl/certificate.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace assay::hurl {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;

std::string text_of(const Bio& memory) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

// "C = US, O = Example, CN = example.com", as curl prints names.
std::string name_text(const X509_NAME* name) {
    const Bio memory(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_SPC_EQ);
    return text_of(memory);
}

Date date_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    const std::chrono::sys_days day(std::chrono::year(parts.tm_year + 1900) /
                                    std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)) /
                                    std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
    return Date(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
           std::chrono::seconds(parts.tm_sec);
}

// "00:d4:...": pairs of digits.
std::string serial_text(const ASN1_INTEGER* serial) {
    std::string text;
    const unsigned char* bytes = ASN1_STRING_get0_data(serial);
    for (int i = 0; i < ASN1_STRING_length(serial); ++i) text += fmt::format("{}{:02x}", i == 0 ? "" : ":", bytes[i]);
    return text;
}

std::string alternative_names(X509* certificate) {
    const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    if (at < 0) return {};
    const Bio memory(BIO_new(BIO_s_mem()), BIO_free);
    X509V3_EXT_print(memory.get(), X509_get_ext(certificate, at), 0, 0);
    return text_of(memory);
}

}  // namespace

std::optional<Certificate> read_certificate(const std::string& pem) {
    const Bio memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    const std::unique_ptr<X509, void (*)(X509*)> read(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr),
                                                      X509_free);
    if (!read) return std::nullopt;
    return Certificate{name_text(X509_get_subject_name(read.get())),
                       name_text(X509_get_issuer_name(read.get())),
                       date_of(X509_get0_notBefore(read.get())),
                       date_of(X509_get0_notAfter(read.get())),
                       serial_text(X509_get0_serialNumber(read.get())),
                       alternative_names(read.get()),
                       pem};
}

}  // namespace assay::hurl
