// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/module.h"

#include <algorithm>

namespace skerry::wasm {
namespace {

std::string_view abstract_heap_name(std::int32_t heap) {
  switch (heap + 0x80) {
    case 0x74:
      return "noexn";
    case 0x73:
      return "nofunc";
    case 0x72:
      return "noextern";
    case 0x71:
      return "none";
    case 0x70:
      return "func";
    case 0x6F:
      return "extern";
    case 0x6E:
      return "any";
    case 0x6D:
      return "eq";
    case 0x6C:
      return "i31";
    case 0x6B:
      return "struct";
    case 0x6A:
      return "array";
    default:
      return "exn";
  }
}

}  // namespace

const Export* Module::find_export(std::string_view name) const {
  const auto found = std::find_if(exports.begin(), exports.end(),
                                  [&](const Export& each) { return each.name == name; });
  return found == exports.end() ? nullptr : &*found;
}

std::string to_string(const ValueType& type) {
  switch (type.kind) {
    case ValueType::Kind::kI32:
      return "i32";
    case ValueType::Kind::kI64:
      return "i64";
    case ValueType::Kind::kF32:
      return "f32";
    case ValueType::Kind::kF64:
      return "f64";
    case ValueType::Kind::kV128:
      return "v128";
    case ValueType::Kind::kI8:
      return "i8";
    case ValueType::Kind::kI16:
      return "i16";
    case ValueType::Kind::kReference:
      break;
  }
  if (type == kFuncRef) return "funcref";
  if (type == kExternRef) return "externref";
  std::string text = type.is_nullable ? "(ref null " : "(ref ";
  text += type.heap < 0 ? std::string(abstract_heap_name(type.heap)) : std::to_string(type.heap);
  return text + ")";
}

std::string to_string(const FunctionType& type) {
  const auto list = [](const std::vector<ValueType>& types) {
    std::string text = "(";
    for (const ValueType& each : types) {
      if (text.size() > 1) text += ' ';
      text += to_string(each);
    }
    return text + ")";
  };
  return list(type.params) + " -> " + list(type.results);
}

std::string_view to_string(ExternalKind kind) {
  switch (kind) {
    case ExternalKind::kFunction:
      return "func";
    case ExternalKind::kTable:
      return "table";
    case ExternalKind::kMemory:
      return "memory";
    case ExternalKind::kGlobal:
      return "global";
    case ExternalKind::kTag:
      return "tag";
  }
  return "unknown";
}

}  // namespace skerry::wasm
