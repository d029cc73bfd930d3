// SPDX-License-Identifier: Apache-2.0
#include "skerry/access/key_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "skerry/base/os/file.h"
#include "skerry/base/sha256.h"

namespace skerry::access {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "skerry_";
constexpr std::size_t kIdDigits = 12;
constexpr std::size_t kSecretDigits = 64;
constexpr std::size_t kMaxKeys = 10'000;
constexpr std::size_t kMaxTools = 100;
constexpr std::int64_t kMaxFile = std::int64_t{16} << 20;
constexpr double kMaxPerSecond = 1e6;
constexpr std::int64_t kMaxPerDay = 1'000'000'000;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

Result<std::string> random_hex(std::size_t digits) {
  std::array<unsigned char, kSecretDigits / 2> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(digits / 2)) != 1) {
    return absl::InternalError("no random bytes to be had");
  }
  std::string text;
  for (std::size_t i = 0; i < digits / 2; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

Status check(const Key& key) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (key.tenant.empty() || key.tenant.size() > 64 ||
      key.tenant.find_first_not_of(kLetters) != key.tenant.npos) {
    return absl::InvalidArgumentError("tenant \"" + key.tenant.substr(0, 80) +
                                      "\", expected 1 to 64 lower-case letters, digits, hyphens");
  }
  if (key.label.size() > 200) return absl::InvalidArgumentError("a label of more than 200 bytes");
  const Allowance& allowed = key.allowance;
  if (!(allowed.runs_per_second >= 0 && allowed.runs_per_second <= kMaxPerSecond)) {
    return absl::InvalidArgumentError("runs per second must be from 0 to 1,000,000");
  }
  if (allowed.runs_per_day < 0 || allowed.runs_per_day > kMaxPerDay) {
    return absl::InvalidArgumentError("runs per day must be from 0 to 1,000,000,000");
  }
  if (allowed.tools.size() > kMaxTools) return absl::InvalidArgumentError("more than 100 tools");
  return ok_status();
}

json json_of(const Key& key) {
  return {{"id", key.id},
          {"sha256", key.sha256},
          {"tenant", key.tenant},
          {"label", key.label},
          {"created_unix", key.created_unix},
          {"tools", key.allowance.tools},
          {"runs_per_second", key.allowance.runs_per_second},
          {"runs_per_day", key.allowance.runs_per_day}};
}

/// nlohmann throws where a member is missing or of another type.
Result<Key> key_of(const json& item) {
  try {
    Key key{.id = item.at("id").get<std::string>(),
            .sha256 = item.at("sha256").get<std::string>(),
            .tenant = item.at("tenant").get<std::string>(),
            .label = item.at("label").get<std::string>(),
            .created_unix = item.at("created_unix").get<std::int64_t>(),
            .allowance = {.tools = item.at("tools").get<std::vector<std::string>>(),
                          .runs_per_second = item.at("runs_per_second").get<double>(),
                          .runs_per_day = item.at("runs_per_day").get<std::int64_t>()}};
    SKERRY_TRY(check(key));
    if (key.id.size() != kIdDigits || !is_hex(key.id) || key.sha256.size() != 64 ||
        !is_hex(key.sha256)) {
      return absl::InvalidArgumentError("an id or a hash that is none");
    }
    return key;
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

}  // namespace

Result<NewKey> make_key(std::string tenant, std::string label, Allowance allowance) {
  NewKey made;
  made.key.tenant = std::move(tenant);
  made.key.label = std::move(label);
  made.key.allowance = std::move(allowance);
  made.key.created_unix = std::time(nullptr);
  SKERRY_TRY(check(made.key));
  SKERRY_ASSIGN(made.key.id, random_hex(kIdDigits));
  SKERRY_ASSIGN(const std::string secret, random_hex(kSecretDigits));
  made.text = std::string(kPrefix) + made.key.id + "_" + secret;
  made.key.sha256 = sha256_hex(as_bytes(made.text));
  return made;
}

std::optional<std::string_view> id_in(std::string_view text) {
  if (text.size() != kPrefix.size() + kIdDigits + 1 + kSecretDigits || !text.starts_with(kPrefix)) {
    return std::nullopt;
  }
  const std::string_view id = text.substr(kPrefix.size(), kIdDigits);
  return is_hex(id) ? std::optional(id) : std::nullopt;
}

bool is_text_of(const Key& key, std::string_view text) {
  // The hash hides the secret's own timing; this, the hash's.
  const std::string hash = sha256_hex(as_bytes(text));
  return hash.size() == key.sha256.size() &&
         CRYPTO_memcmp(hash.data(), key.sha256.data(), hash.size()) == 0;
}

Result<std::vector<Key>> KeyFile::read() const {
  const auto opened = open_file(path_, O_RDONLY | O_NONBLOCK);
  if (opened.status().code() == StatusCode::kNotFound) return std::vector<Key>();
  if (!opened.ok()) return opened.status();
  struct stat info{};
  if (::fstat(opened->get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > kMaxFile) {
    return absl::DataLossError(path_.native() + " is no file of keys");
  }
  if ((info.st_mode & 077) != 0 || info.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(path_.native() +
                                       " may be read by others: `chmod 600` it, and make new keys");
  }
  SKERRY_ASSIGN(const std::string text, read_all(opened->get(), bytes(kMaxFile)));
  const json file = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!file.is_object() || file.value("version", json()) != 1 || !file.contains("keys") ||
      !file["keys"].is_array() || file["keys"].size() > kMaxKeys) {
    return absl::DataLossError(path_.native() + " is no file of keys of version 1");
  }
  std::vector<Key> keys;
  for (const json& item : file["keys"]) {
    auto key = key_of(item);
    if (!key.ok()) {
      return absl::DataLossError(path_.native() + ", key " + std::to_string(keys.size() + 1) +
                                 ": " + std::string(message_of(key.status())));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

Status KeyFile::write(const std::vector<Key>& keys) const {
  json file{{"version", 1}, {"keys", json::array()}};
  for (const Key& key : keys) file["keys"].push_back(json_of(key));
  SKERRY_ASSIGN(auto whole, AtomicFile::create(path_));
  if (::fchmod(whole.fd(), 0600) != 0) return absl::InternalError("fchmod failed");
  SKERRY_TRY(write_all(whole.fd(), as_bytes(file.dump(1) + "\n")));
  return whole.commit();
}

Status KeyFile::add(const Key& key) const {
  SKERRY_TRY(make_private_directory(path_.parent_path()));
  SKERRY_ASSIGN(const FileLock alone, FileLock::acquire(path_.native() + ".lock"));
  SKERRY_ASSIGN(auto keys, read());
  if (keys.size() >= kMaxKeys) return absl::ResourceExhaustedError("there are 10,000 keys");
  keys.push_back(key);
  return write(keys);
}

Status KeyFile::remove(std::string_view id) const {
  SKERRY_ASSIGN(const FileLock alone, FileLock::acquire(path_.native() + ".lock"));
  SKERRY_ASSIGN(auto keys, read());
  if (std::erase_if(keys, [&](const Key& key) { return key.id == id; }) == 0) {
    return absl::NotFoundError("there is no key " + std::string(id) +
                               "; `skerry keys list` names them");
  }
  return write(keys);
}

}  // namespace skerry::access
