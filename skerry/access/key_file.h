// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

namespace skerry::access {

/// What an API key allows. Zero or empty: no limit.
struct Allowance {
  std::vector<std::string> tools = {};  ///< that it may call; runs count as python_executor
  double runs_per_second = 0;           ///< up to 1,000,000; as many may come at once
  std::int64_t runs_per_day = 0;        ///< by UTC's days, and anew when the service starts
};

/// An API key as it is kept: its hash, and whose it is.
struct Key {
  std::string id;      ///< 12 hexadecimal digits; no secret
  std::string sha256;  ///< of the key's whole text
  std::string tenant;
  std::string label = {};
  std::int64_t created_unix = 0;  ///< seconds
  Allowance allowance = {};
};

/// A key that was just made. Its text is shown once and kept nowhere.
struct NewKey {
  Key key;
  std::string text;  ///< "skerry_ID_SECRET", with 256 random bits
};

/// kInvalidArgument when `tenant` is not 1 to 64 lower-case letters, digits and hyphens, the label
/// is longer than 200 bytes, or the allowance is out of bounds.
Result<NewKey> make_key(std::string tenant, std::string label, Allowance allowance);

/// The id in a key's text; none when the text is no key's.
std::optional<std::string_view> id_in(std::string_view text);

/// Whether `text` is this key's. Takes as long for a wrong one as for the right one.
bool is_text_of(const Key& key, std::string_view text);

/// `keys.json`, the operator's own file: nobody else may read it. Several processes may change it.
class KeyFile {
 public:
  explicit KeyFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// Empty when there is no file. kDataLoss naming what is wrong with it; kPermissionDenied when
  /// others may read or write it.
  Result<std::vector<Key>> read() const;
  Status add(const Key& key) const;
  /// kNotFound when there is none with this id.
  Status remove(std::string_view id) const;

 private:
  Status write(const std::vector<Key>& keys) const;
  std::filesystem::path path_;
};

}  // namespace skerry::access
