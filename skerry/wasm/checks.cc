// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/checks.h"

#include <algorithm>
#include <string>

#include "skerry/wasm/cursor.h"

namespace skerry::wasm {
namespace {

Status invalid(const std::string& message) { return Status(StatusCode::kInvalidArgument, message); }

std::string full_name(const Import& import) {
  return quoted_name(import.module) + "." + quoted_name(import.name);
}

Status check_import(const Module& module, const Import& import,
                    std::span<const HostFunction> offered) {
  const auto match = std::find_if(offered.begin(), offered.end(), [&](const HostFunction& each) {
    return each.name == import.name && each.module == import.module;
  });
  if (match == offered.end() || import.kind != ExternalKind::kFunction) {
    return invalid("unknown import " + full_name(import) + " (" +
                   std::string(to_string(import.kind)) + ")");
  }
  const FunctionType& wanted = module.function_type(import.index);
  if (wanted == match->type) return ok_status();
  return invalid("import " + full_name(import) + " has type " + to_string(wanted) + ", expected " +
                 to_string(match->type));
}

}  // namespace

Status check_imports(const Module& module, std::span<const HostFunction> offered) {
  for (const Import& import : module.imports) SKERRY_TRY(check_import(module, import, offered));
  return ok_status();
}

Status check_command(const Module& module) {
  const std::string no_entry = "WASM module has no _start entry point";
  const Export* start = module.find_export("_start");
  if (start == nullptr) return invalid(no_entry);
  if (start->kind != ExternalKind::kFunction) {
    return invalid(no_entry + ": _start is a " + std::string(to_string(start->kind)) +
                   ", expected a func");
  }
  if (const FunctionType& type = module.function_type(start->index); type != FunctionType{}) {
    return invalid(no_entry + ": _start has type " + to_string(type) + ", expected () -> ()");
  }
  if (module.imports.empty()) return ok_status();
  const Export* memory = module.find_export("memory");
  if (memory == nullptr || memory->kind != ExternalKind::kMemory) {
    return invalid("WASM module exports no memory named \"memory\", which its imports need");
  }
  return ok_status();
}

Status check_state_in_image(const Module& module, const CodeScan& scan) {
  constexpr auto kLast = static_cast<int>(Feature::kGarbageCollection);
  FeatureSet hidden;
  for (int i = 0; i <= kLast; ++i) {
    if (scan.features.has(static_cast<Feature>(i))) hidden.add(static_cast<Feature>(i));
  }
  std::string found = to_string(hidden);
  for (std::size_t i = 0; i < module.globals.size(); ++i) {
    const Global& global = module.globals[i];
    if (!global.is_mutable || !global.type.is_reference()) continue;
    if (!found.empty()) found += ", ";
    found += "mutable global " + std::to_string(i) + " of type " + to_string(global.type);
    break;  // one is enough to refuse it, and a module may have thousands
  }
  if (found.empty()) return ok_status();
  return Status(StatusCode::kUnimplemented,
                "WASM module keeps state outside memory and plain globals: " + found);
}

}  // namespace skerry::wasm
