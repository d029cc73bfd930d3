// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/tls/certificates.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "skerry/base/os/secret_file.h"

namespace skerry::http {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

constexpr ByteSize kMaxFile = mib(4);  // all authorities of a public bundle are a quarter of one
// A signature with a longer one would hold up the event loop for tens of milliseconds.
constexpr int kMaxRsaBits = 4096;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

Status refuse(const std::filesystem::path& file, const std::string& why) {
  ERR_clear_error();
  return absl::InvalidArgumentError(file.native() + " " + why);
}

/// Borrows the text.
Bio reader_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string date(TimePoint time) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

/// None for a time that a calendar does not have.
std::optional<TimePoint> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

/// Every certificate in it; at least one.
Result<std::vector<X509Ptr>> certificates_in(const std::string& text,
                                             const std::filesystem::path& file) {
  const Bio reader = reader_of(text);
  std::vector<X509Ptr> all;
  while (X509Ptr next{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)}) {
    all.push_back(std::move(next));
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!is_end) {
    return refuse(file, fmt::format("is damaged: certificate {} cannot be read", all.size() + 1));
  }
  ERR_clear_error();
  if (all.empty()) return refuse(file, "has no certificate in PEM");
  return all;
}

Status check_time(const X509* certificate, const std::filesystem::path& file, TimePoint now) {
  const auto begin = time_of(X509_get0_notBefore(certificate));
  const auto end = time_of(X509_get0_notAfter(certificate));
  if (!begin || !end) return refuse(file, "has a certificate with no time");
  if (now >= *end) return refuse(file, "expired at " + date(*end));
  if (now < *begin) return refuse(file, "is not valid before " + date(*begin));
  return ok_status();
}

Result<KeyPtr> key_in(const std::string& text, const std::filesystem::path& file) {
  bool is_locked = false;
  const Bio reader = reader_of(text);
  // Without this, OpenSSL would ask the terminal.
  const auto ask = [](char*, int, int, void* told) {
    *static_cast<bool*>(told) = true;
    return -1;
  };
  KeyPtr key(PEM_read_bio_PrivateKey(reader.get(), nullptr, ask, &is_locked));
  if (is_locked) return refuse(file, "needs a passphrase, expected a key without one");
  if (!key) return refuse(file, "has no private key in PEM");
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1 && EVP_PKEY_get_bits(key.get()) > kMaxRsaBits) {
    return refuse(file, fmt::format("is an RSA key of {} bits, expected at most {}; ECDSA with "
                                    "P-256 is faster and as good",
                                    EVP_PKEY_get_bits(key.get()), kMaxRsaBits));
  }
  return key;
}

/// None when the key cannot sign.
std::optional<std::chrono::nanoseconds> time_of_signature(EVP_PKEY* key) {
  using Clock = std::chrono::steady_clock;
  constexpr std::array<unsigned char, 32> kText{};
  const bool has_own_digest =
      EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
  std::array<std::chrono::nanoseconds, 5> took{};
  for (auto& each : took) {
    const auto begun = Clock::now();
    const DigestPtr digest(EVP_MD_CTX_new());
    std::array<unsigned char, 1024> signature{};
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(digest.get(), nullptr, has_own_digest ? nullptr : EVP_sha256(), nullptr,
                           key) != 1 ||
        EVP_DigestSign(digest.get(), signature.data(), &size, kText.data(), kText.size()) != 1) {
      ERR_clear_error();
      return std::nullopt;
    }
    each = Clock::now() - begun;
  }
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

/// The authorities of clients, of which one at least must be of use.
Result<std::string> read_authorities(const std::filesystem::path& file, TimePoint now) {
  SKERRY_ASSIGN(std::string text, read_regular_file(file, kMaxFile));
  SKERRY_ASSIGN(const auto authorities, certificates_in(text, file));
  Status last;
  for (const X509Ptr& each : authorities) {
    last = check_time(each.get(), file, now);
    if (last.ok()) return text;
  }
  return last;
}

}  // namespace

Status CertificateFiles::check() const {
  const auto lacks = [](const char* what, const char* other) {
    return absl::InvalidArgumentError(fmt::format("{} needs {}, which is not given", what, other));
  };
  if (!client_ca.empty() && certificate.empty()) {
    return lacks("service.tls.client_ca", "service.tls.certificate");
  }
  if (!certificate.empty() && key.empty()) {
    return lacks("service.tls.certificate", "service.tls.key");
  }
  if (!key.empty() && certificate.empty()) {
    return lacks("service.tls.key", "service.tls.certificate");
  }
  return ok_status();
}

Result<Certificates> Certificates::read(const CertificateFiles& files, TimePoint now) {
  SKERRY_TRY(files.check());
  Certificates read;
  SKERRY_ASSIGN(read.chain, read_regular_file(files.certificate, kMaxFile));
  SKERRY_ASSIGN(const auto chain, certificates_in(read.chain, files.certificate));
  for (const X509Ptr& each : chain) SKERRY_TRY(check_time(each.get(), files.certificate, now));
  read.expires = *time_of(X509_get0_notAfter(chain.front().get()));
  SKERRY_ASSIGN(read.key, read_secret_file(files.key, kMaxFile));
  SKERRY_ASSIGN(const KeyPtr key, key_in(read.key, files.key));
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return refuse(files.key,
                  "is not the key of the first certificate in " + files.certificate.native());
  }
  const auto signature = time_of_signature(key.get());
  if (!signature) return refuse(files.key, "cannot sign");
  read.signature = *signature;
  if (!files.client_ca.empty()) {
    SKERRY_ASSIGN(read.client_ca, read_authorities(files.client_ca, now));
  }
  return read;
}

}  // namespace skerry::http
