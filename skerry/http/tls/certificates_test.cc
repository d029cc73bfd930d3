// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/tls/certificates.h"

#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "skerry/base/test_directory.h"

namespace skerry::http {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Made {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
};

/// A certificate that signs itself, valid from `begin` to `end`, in seconds from now.
Made make(EVP_PKEY* key, long begin, long end) {
  Made made{{key, EVP_PKEY_free}, {X509_new(), X509_free}};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), begin);
  X509_gmtime_adj(X509_getm_notAfter(certificate), end);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  return made;
}

Made elliptic(long begin = -60, long end = 3600) { return make(EVP_EC_gen("P-256"), begin, end); }

std::string text_of(const std::function<void(BIO*)>& write) {
  const std::unique_ptr<BIO, void (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  write(out.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(const X509& certificate) {
  return text_of([&](BIO* out) { PEM_write_bio_X509(out, &certificate); });
}

std::string pem(const EVP_PKEY& key, const char* passphrase = nullptr) {
  return text_of([&](BIO* out) {
    PEM_write_bio_PKCS8PrivateKey(out, &key, passphrase == nullptr ? nullptr : EVP_aes_128_cbc(),
                                  passphrase, passphrase == nullptr ? 0 : 4, nullptr, nullptr);
  });
}

class CertificatesTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const char* name, const std::string& text, mode_t mode = 0600) const {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  CertificateFiles files_of(const Made& made) const {
    return {.certificate = file("cert.pem", pem(*made.certificate), 0644),
            .key = file("key.pem", pem(*made.key))};
  }
  static Result<Certificates> read(const CertificateFiles& files) {
    return Certificates::read(files, std::chrono::system_clock::now());
  }
  static std::string refusal(const CertificateFiles& files) {
    return std::string(message_of(read(files).status()));
  }

  TestDirectory directory_;
};

TEST_F(CertificatesTest, APairThatFitsIsRead) {
  const auto read_pair = read(files_of(elliptic()));
  ASSERT_TRUE(read_pair.ok()) << read_pair.status();
  EXPECT_THAT(read_pair->chain, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(read_pair->client_ca, IsEmpty());
  EXPECT_GT(read_pair->signature.count(), 0);
  EXPECT_GT(read_pair->expires, std::chrono::system_clock::now());
}

TEST_F(CertificatesTest, EachKindOfKeySigns) {
  for (EVP_PKEY* key : {EVP_RSA_gen(2048), EVP_EC_gen("P-384")}) {
    EXPECT_TRUE(read(files_of(make(key, -60, 3600))).ok());
  }
}

TEST_F(CertificatesTest, OneWithoutTheOtherNamesWhatIsMissing) {
  const CertificateFiles both = files_of(elliptic());
  EXPECT_THAT(refusal({.certificate = both.certificate}), HasSubstr("needs service.tls.key"));
  EXPECT_THAT(refusal({.key = both.key}), HasSubstr("needs service.tls.certificate"));
  EXPECT_THAT(refusal({.client_ca = both.certificate}), HasSubstr("service.tls.certificate"));
  EXPECT_FALSE(CertificateFiles{}.is_given());
}

TEST_F(CertificatesTest, AKeyThatOthersMayReadIsRefused) {
  CertificateFiles files = files_of(elliptic());
  for (const mode_t mode : {0640, 0604, 0660}) {
    ::chmod(files.key.c_str(), mode);
    EXPECT_EQ(read(files).status().code(), StatusCode::kPermissionDenied);
    EXPECT_THAT(refusal(files), HasSubstr("chmod 600 " + files.key.native()));
  }
  ::chmod(files.key.c_str(), 0400);
  EXPECT_TRUE(read(files).ok());
}

TEST_F(CertificatesTest, AKeyOfAnotherCertificateIsRefused) {
  CertificateFiles files = files_of(elliptic());
  files.key = file("other.pem", pem(*elliptic().key));
  EXPECT_THAT(refusal(files), HasSubstr("is not the key of"));
}

TEST_F(CertificatesTest, WhatIsExpiredOrNotValidYetIsRefused) {
  EXPECT_THAT(refusal(files_of(elliptic(-7200, -3600))), HasSubstr("expired at 20"));
  EXPECT_THAT(refusal(files_of(elliptic(3600, 7200))), HasSubstr("is not valid before 20"));
}

TEST_F(CertificatesTest, AKeyThatNeedsAPassphraseIsRefusedWithoutAsking) {
  const Made made = elliptic();
  CertificateFiles files = files_of(made);
  files.key = file("locked.pem", pem(*made.key, "word"));
  EXPECT_THAT(refusal(files), HasSubstr("needs a passphrase"));
}

TEST_F(CertificatesTest, AKeyThatTakesLongToSignIsRefused) {
  // Making a longer one takes seconds.
  EXPECT_THAT(refusal(files_of(make(EVP_RSA_gen(4104), -60, 3600))), HasSubstr("4104 bits"));
}

TEST_F(CertificatesTest, WhatIsNoPemIsRefused) {
  const Made made = elliptic();
  CertificateFiles files = files_of(made);
  files.certificate = file("empty.pem", "");
  EXPECT_THAT(refusal(files), HasSubstr("has no certificate in PEM"));
  files.certificate = file("cut.pem", pem(*made.certificate).substr(0, 200));
  EXPECT_THAT(refusal(files), HasSubstr("damaged: certificate 1"));
  std::string second = pem(*made.certificate) + pem(*made.certificate);
  second.replace(second.size() - 100, 10, "!!!!!!!!!!");
  files.certificate = file("second.pem", second);
  EXPECT_FALSE(read(files).ok());
  files = files_of(made);
  files.key = file("nokey.pem", pem(*made.certificate));
  EXPECT_THAT(refusal(files), HasSubstr("has no private key in PEM"));
  files.key = directory_ / "none.pem";
  EXPECT_EQ(read(files).status().code(), StatusCode::kNotFound);
  files.key = directory_.path();
  EXPECT_THAT(refusal(files), HasSubstr("is no file"));
}

TEST_F(CertificatesTest, OneAuthorityOfClientsMustBeOfUse) {
  CertificateFiles files = files_of(elliptic());
  const std::string good = pem(*elliptic().certificate);
  const std::string old = pem(*elliptic(-7200, -3600).certificate);
  files.client_ca = file("ca.pem", old + good);
  EXPECT_EQ(read(files)->client_ca, old + good);
  files.client_ca = file("old.pem", old);
  EXPECT_THAT(refusal(files), HasSubstr("old.pem expired"));
  files.client_ca = file("nothing.pem", "nothing");
  EXPECT_THAT(refusal(files), HasSubstr("nothing.pem has no certificate"));
}

}  // namespace
}  // namespace skerry::http
