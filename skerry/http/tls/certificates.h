// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "skerry/base/status.h"

namespace skerry::http {

/// Where the certificates lie that the service proves itself with, and those of whom it lets in. A
/// value.
struct CertificateFiles {
  std::filesystem::path certificate = {};  ///< PEM: its own first, then those up to the authority's
  std::filesystem::path key = {};          ///< PEM, without a passphrase
  std::filesystem::path client_ca = {};    ///< PEM; none: clients need no certificate

  bool is_given() const { return !certificate.empty() || !key.empty() || !client_ca.empty(); }
  /// kInvalidArgument naming the options that lacks another.
  Status check() const;
};

/// What the files hold, checked; still PEM, because each library has a form of its own. A value.
struct Certificates {
  std::string chain = {};
  std::string key = {};
  std::string client_ca = {};  ///< empty: clients need no certificate
  std::chrono::system_clock::time_point expires = {};
  /// What one signature takes on this machine: a handshake's largest part.
  std::chrono::nanoseconds signature{0};

  /// Fails with the file and what is wrong with it: kNotFound, kPermissionDenied for a key that
  /// others may read, kInvalidArgument for what is no PEM, is expired or not valid yet at `now`,
  /// needs a passphrase or more than a few milliseconds for a signature, or for a key that is not
  /// the certificate's.
  static Result<Certificates> read(const CertificateFiles& files,
                                   std::chrono::system_clock::time_point now);
};

}  // namespace skerry::http
