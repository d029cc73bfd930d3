// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/reader.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "skerry/wasm/cursor.h"
#include "skerry/wasm/sections.h"

namespace skerry::wasm {
namespace {

constexpr std::array kMagic = {std::byte{0x00}, std::byte{0x61}, std::byte{0x73}, std::byte{0x6D}};
constexpr std::uint32_t kCoreVersion = 1;
constexpr std::uint32_t kLastSection = static_cast<std::uint32_t>(SectionId::kTag);

Status malformed(std::string_view what) {
  return annotate(Status(StatusCode::kInvalidArgument, std::string(what)), "malformed WASM module");
}

/// Only what the form of the bytes is to blame for is called malformed.
Status named(const Status& status) {
  if (status.code() != StatusCode::kInvalidArgument) return status;
  return annotate(status, "malformed WASM module");
}

std::string hex_bytes(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte each : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", std::to_integer<unsigned>(each));
    text += digits;
  }
  return text.empty() ? " nothing" : text;
}

std::ptrdiff_t order_of(SectionId id) {
  return std::find(kSectionOrder.begin(), kSectionOrder.end(), id) - kSectionOrder.begin();
}

Status check_order(SectionId previous, SectionId id) {
  if (id == SectionId::kCustom || previous == SectionId::kCustom ||
      order_of(id) > order_of(previous)) {
    return ok_status();
  }
  const std::string name(to_string(id));
  return malformed(id == previous ? "second " + name + " section"
                                  : name + " section after the " +
                                        std::string(to_string(previous)) + " section");
}

Status check_counts(const Module& module) {
  const std::size_t declared = module.functions.size() - module.imported.functions;
  if (declared != module.bodies.size()) {
    return malformed(std::to_string(declared) + " functions declared, " +
                     std::to_string(module.bodies.size()) + " bodies found");
  }
  if (module.data_count && *module.data_count != module.data.size()) {
    return malformed(std::to_string(*module.data_count) + " data segments announced, " +
                     std::to_string(module.data.size()) + " found");
  }
  return ok_status();
}

/// Name, payload and contents of the section at the cursor. `previous` is the last one that was not
/// custom.
Status read_one_section(Cursor& in, SectionId& previous, const ModuleLimits& limits,
                        Module& module) {
  const std::size_t start = in.offset();
  const std::uint8_t id = in.byte();
  if (in.ok() && id > kLastSection) in.fail_at(start, "unknown section " + std::to_string(id));
  Section section;
  section.id = static_cast<SectionId>(id);
  section.payload = in.sized_bytes();
  SKERRY_TRY(named(in.status()));
  SKERRY_TRY(check_order(previous, section.id));

  Cursor contents(section.payload, module.offset_of(section.payload));
  if (section.id == SectionId::kCustom) {
    section.custom_name = contents.name();
  } else {
    previous = section.id;
  }
  module.sections.push_back(section);
  read_section(section.id, contents, limits, module);
  Status status = contents.status();
  if (status.code() != StatusCode::kInvalidArgument) return status;
  return named(annotate(status, std::string(to_string(section.id)) + " section"));
}

}  // namespace

Status check_size(std::span<const std::byte> bytes, const ModuleLimits& limits) {
  if (bytes.size() <= limits.module_size.value) return ok_status();
  return Status(StatusCode::kResourceExhausted,
                "WASM module too large: " + std::to_string(bytes.size()) + " bytes, limit " +
                    std::to_string(limits.module_size.value) + " bytes");
}

Status check_preamble(std::span<const std::byte> bytes) {
  const auto seen = bytes.first(std::min(bytes.size(), kMagic.size()));
  if (!std::equal(seen.begin(), seen.end(), kMagic.begin(), kMagic.end())) {
    return Status(StatusCode::kInvalidArgument,
                  "Invalid WASM module format: expected 00 61 73 6d, found" + hex_bytes(seen));
  }
  if (bytes.size() < 2 * kMagic.size()) return malformed("no version after the magic number");
  std::uint32_t version = 0;
  for (unsigned i = 0; i < 4; ++i)
    version |= std::to_integer<std::uint32_t>(bytes[4 + i]) << (8 * i);
  if (version == kCoreVersion) return ok_status();
  if (version >> 16 == 1) {
    return Status(
        StatusCode::kUnimplemented,
        "WASM components are not supported: expected a core module, version 1, found a component");
  }
  return malformed("version " + std::to_string(version) + ", expected 1");
}

Result<Module> read_module(std::span<const std::byte> bytes, const ModuleLimits& limits) {
  SKERRY_TRY(check_size(bytes, limits));
  SKERRY_TRY(check_preamble(bytes));
  Module module;
  module.bytes = bytes;
  Cursor in(bytes);
  in.take(2 * kMagic.size());
  SectionId previous = SectionId::kCustom;
  while (!in.at_end()) SKERRY_TRY(read_one_section(in, previous, limits, module));
  SKERRY_TRY(check_counts(module));
  return module;
}

}  // namespace skerry::wasm
