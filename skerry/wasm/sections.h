// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "skerry/wasm/cursor.h"
#include "skerry/wasm/limits.h"
#include "skerry/wasm/module.h"

namespace skerry::wasm {

/// The order of sections in a module; custom sections lie anywhere. Ids came in the order of their
/// invention.
inline constexpr std::array kSectionOrder = {
    SectionId::kType,   SectionId::kImport,  SectionId::kFunction,  SectionId::kTable,
    SectionId::kMemory, SectionId::kTag,     SectionId::kGlobal,    SectionId::kExport,
    SectionId::kStart,  SectionId::kElement, SectionId::kDataCount, SectionId::kCode,
    SectionId::kData};

/// Reads what lies in a section, `in`, into `module`, which holds the sections before it. Custom
/// sections are only counted. Leaves failures, bytes left over among them, in the cursor.
void read_section(SectionId id, Cursor& in, const ModuleLimits& limits, Module& module);

/// "type", "data count", ...
std::string_view to_string(SectionId id);

}  // namespace skerry::wasm
