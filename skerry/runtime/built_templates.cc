// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/built_templates.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <system_error>

#include <nlohmann/json.hpp>

#include "skerry/base/formats/json_text.h"
#include "skerry/base/os/sealed_file.h"
#include "skerry/base/sha256.h"
#include "skerry/image/image_file.h"
#include "skerry/image/revisions/revision_files.h"
#include "skerry/store/session_name.h"

namespace skerry::runtime {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kImage = "template.image";
constexpr std::string_view kLock = "lock.json";
constexpr std::string_view kIndex = "blobs.index";
constexpr std::string_view kTemporary = ".tmp-";
// Every change of how templates are built makes others of the same packages.
constexpr std::string_view kBuilder = "builder 1";
constexpr ByteSize kMaxLock = mib(4);

bool is_temporary(const fs::path& path) { return path.filename().native().starts_with(kTemporary); }

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    entries.push_back(each->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

Status moved(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return ok_status();
  return absl::InternalError("renaming " + from.native() + ": " + error.message());
}

}  // namespace

std::string TemplateLock::id() const {
  std::string text(kBuilder);
  for (const std::string& each : {name, base, base_id, program_sha256}) text += "\n" + each;
  for (const LockedPackage& each : packages) text += "\n" + each.file + " " + each.sha256;
  return sha256_hex(as_bytes(text));
}

std::string TemplateLock::to_json() const {
  ordered_json told{{"name", name},
                    {"id", id()},
                    {"from", base},
                    {"from_id", base_id},
                    {"packages", ordered_json::array()},
                    {"program_sha256", program_sha256},
                    {"command", command},
                    {"created_unix", created_unix}};
  for (const LockedPackage& each : packages) {
    told["packages"].push_back({{"name", each.name},
                                {"version", each.version},
                                {"file", each.file},
                                {"sha256", each.sha256}});
  }
  return dump_json(told);
}

Result<TemplateLock> TemplateLock::parse(std::string_view text) {
  auto parsed = parse_json_object(text, "the lock");
  if (!parsed.ok()) return absl::DataLossError(std::string(message_of(parsed.status())));
  const json& object = *parsed;
  bool fits = true;
  const auto text_of = [&](const json& from, const char* key) -> std::string {
    const auto found = from.find(key);
    fits &= found != from.end() && found->is_string();
    return fits ? found->get<std::string>() : std::string();
  };
  TemplateLock lock{.name = text_of(object, "name"),
                    .base = text_of(object, "from"),
                    .base_id = text_of(object, "from_id"),
                    .packages = {},
                    .program_sha256 = text_of(object, "program_sha256"),
                    .command = text_of(object, "command")};
  const auto packages = object.find("packages");
  const auto created = object.find("created_unix");
  fits &= packages != object.end() && packages->is_array() && created != object.end() &&
          created->is_number_integer();
  if (fits) {
    lock.created_unix = created->get<std::int64_t>();
    for (const json& each : *packages) {
      fits &= each.is_object();
      if (!fits) break;
      lock.packages.push_back({.name = text_of(each, "name"),
                               .version = text_of(each, "version"),
                               .file = text_of(each, "file"),
                               .sha256 = text_of(each, "sha256")});
    }
  }
  if (!fits || text_of(object, "id") != lock.id()) {
    return absl::DataLossError("the template's lock is damaged");
  }
  return lock;
}

Status BuiltTemplates::check_name(std::string_view name) {
  if (store::SessionName::parse(name).ok()) return ok_status();
  return absl::InvalidArgumentError(
      "a template's name has 1 to 128 letters, digits, dots, colons, hyphens and underscores, no "
      "dot in front and no two dots in a row");
}

std::vector<std::string> BuiltTemplates::names() const {
  std::vector<std::string> names;
  for (const fs::path& each : entries_of(named())) {
    if (!is_temporary(each)) names.push_back(each.filename());
  }
  return names;
}

bool BuiltTemplates::has(std::string_view name) const {
  std::error_code error;
  return check_name(name).ok() && fs::is_symlink(named() / name, error);
}

fs::path BuiltTemplates::image_file(std::string_view name) const {
  // Resolved here, once: what it names must not change between the image and its seal.
  std::error_code error;
  const fs::path id = fs::read_symlink(named() / name, error).filename();
  return image_in(error ? named() / name : objects() / id);
}

Result<TemplateLock> BuiltTemplates::lock_of(std::string_view name) const {
  if (!has(name)) {
    return absl::NotFoundError("no template was built with the name \"" + std::string(name) + "\"");
  }
  SKERRY_ASSIGN(const std::string text,
                read_file(image_file(name).parent_path() / kLock, kMaxLock));
  return TemplateLock::parse(text);
}

std::vector<fs::path> BuiltTemplates::file_directories() const {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::path& each : entries_of(objects())) {
    if (!is_temporary(each) && fs::exists(each / kIndex, error)) found.push_back(each);
  }
  return found;
}

Result<FileLock> BuiltTemplates::begin(const std::function<void()>& wait) const {
  SKERRY_TRY(make_private_directory(home_.root));
  for (const fs::path& each : {home_.templates(), objects(), named()}) {
    SKERRY_TRY(make_private_directory(each));
  }
  const fs::path file = home_.root / "templates.lock";
  auto lock = FileLock::try_acquire(file);
  if (lock.status().code() == StatusCode::kUnavailable) {
    if (wait) wait();
    lock = FileLock::acquire(file);
  }
  if (lock.ok()) collect();
  return lock;
}

Result<fs::path> BuiltTemplates::work_directory() const {
  std::string name = (objects() / (std::string(kTemporary) + "XXXXXX")).native();
  if (::mkdtemp(name.data()) != nullptr) return fs::path(name);
  return absl::InternalError("no directory can be made in " + objects().native());
}

fs::path BuiltTemplates::image_in(const fs::path& directory) { return directory / kImage; }

Status BuiltTemplates::keep(const fs::path& work, const TemplateLock& lock) const {
  const std::string text = lock.to_json();
  SKERRY_TRY(write_file(work / kLock, as_bytes(text)));
  const fs::path object = objects() / lock.id();
  std::error_code error;
  fs::remove_all(object, error);  // damaged, or of no name any more
  SKERRY_TRY(moved(work, object));
  SKERRY_TRY(sync_directory_of(object));
  const fs::path link = named() / (std::string(kTemporary) + lock.id());
  fs::remove(link, error);
  fs::create_symlink(fs::path("..") / "objects" / lock.id(), link, error);
  if (error) return absl::InternalError("naming the template: " + error.message());
  SKERRY_TRY(moved(link, named() / lock.name));
  SKERRY_TRY(sync_directory_of(named() / lock.name));
  collect();
  return ok_status();
}

Status BuiltTemplates::remove(std::string_view name) const {
  if (!has(name)) {
    return absl::NotFoundError("no template was built with the name \"" + std::string(name) + "\"");
  }
  std::error_code error;
  fs::remove(named() / name, error);
  if (error) return absl::InternalError("removing the template: " + error.message());
  SKERRY_TRY(sync_directory_of(named() / name));
  collect();
  return ok_status();
}

/// Removes what no name refers to and no session rests on: sessions keep their template's image,
/// and read its packages here.
void BuiltTemplates::collect() const {
  std::error_code error;
  std::set<fs::path> used;
  for (const fs::path& each : entries_of(named())) {
    if (is_temporary(each)) {
      fs::remove(each, error);
    } else {
      used.insert(fs::read_symlink(each, error).filename());
    }
  }
  for (const fs::path& each : entries_of(objects())) {
    if (used.contains(each.filename())) continue;
    const auto image = image::open_image(image_in(each));
    const bool is_rested_on =
        image.ok() && !is_temporary(each) &&
        fs::exists(home_.store() / image::RevisionFiles::template_name_of((*image)->sha256), error);
    if (!is_rested_on) fs::remove_all(each, error);
  }
}

}  // namespace skerry::runtime
