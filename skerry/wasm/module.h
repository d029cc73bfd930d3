// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::wasm {

/// A value's type, or (in structs and arrays only) a packed field's.
struct ValueType {
  enum class Kind : std::uint8_t { kI32, kI64, kF32, kF64, kV128, kI8, kI16, kReference };

  Kind kind = Kind::kI32;
  bool is_nullable = false;  ///< references only
  std::int32_t heap =
      0;  ///< references only: a type index, or the negative code of an abstract heap type

  bool is_reference() const { return kind == Kind::kReference; }
  bool operator==(const ValueType&) const = default;
};

inline constexpr ValueType kI32{ValueType::Kind::kI32};
inline constexpr ValueType kI64{ValueType::Kind::kI64};
inline constexpr ValueType kF32{ValueType::Kind::kF32};
inline constexpr ValueType kF64{ValueType::Kind::kF64};
inline constexpr ValueType kV128{ValueType::Kind::kV128};
inline constexpr ValueType kFuncRef{ValueType::Kind::kReference, true, -0x10};
inline constexpr ValueType kExternRef{ValueType::Kind::kReference, true, -0x11};

struct FunctionType {
  std::vector<ValueType> params;
  std::vector<ValueType> results;
  bool operator==(const FunctionType&) const = default;
};

/// An entry of the type index space. Struct and array types are read past, not kept.
struct TypeEntry {
  enum class Kind : std::uint8_t { kFunction, kStruct, kArray };
  Kind kind = Kind::kFunction;
  FunctionType function;
};

enum class ExternalKind : std::uint8_t { kFunction, kTable, kMemory, kGlobal, kTag };

/// `index` is in the index space of its kind, in which imports come first.
struct Import {
  std::string_view module;
  std::string_view name;
  ExternalKind kind = ExternalKind::kFunction;
  std::uint32_t index = 0;
};

struct Export {
  std::string_view name;
  ExternalKind kind = ExternalKind::kFunction;
  std::uint32_t index = 0;
};

/// Checked to hold only constant instructions and to end with its `end`; its types are the engine's
/// to check.
struct ConstantExpression {
  std::span<const std::byte> code;     ///< with the `end`
  std::optional<std::uint64_t> value;  ///< of a single i32.const (zero-extended) or i64.const
};

struct Table {
  ValueType element;
  std::uint64_t minimum = 0;  ///< elements
  std::optional<std::uint64_t> maximum;
  bool has_initializer = false;
};

/// 32-bit, not shared, of 64 KiB pages: the reader refuses others as not supported.
struct Memory {
  std::uint64_t minimum_pages = 0;
  std::optional<std::uint64_t> maximum_pages;
};

struct Global {
  ValueType type;
  bool is_mutable = false;
  ConstantExpression initializer;  ///< empty when imported
};

enum class SegmentMode : std::uint8_t { kActive, kPassive, kDeclared };

struct ElementSegment {
  SegmentMode mode = SegmentMode::kActive;
  std::uint32_t table = 0;  ///< active only
  ValueType type;
  std::uint32_t count = 0;
};

struct DataSegment {
  SegmentMode mode = SegmentMode::kActive;
  std::uint32_t memory = 0;   ///< active only
  ConstantExpression offset;  ///< active only, bytes
  std::span<const std::byte> bytes;
};

enum class SectionId : std::uint8_t {
  kCustom,
  kType,
  kImport,
  kFunction,
  kTable,
  kMemory,
  kGlobal,
  kExport,
  kStart,
  kElement,
  kCode,
  kData,
  kDataCount,
  kTag
};

/// A section as it lies in the file.
struct Section {
  SectionId id = SectionId::kCustom;
  std::string_view custom_name;        ///< custom sections only
  std::span<const std::byte> payload;  ///< with the custom section's name
};

/// How many entries at the front of each index space are imported.
struct ImportedCounts {
  std::uint32_t functions = 0;
  std::uint32_t tables = 0;
  std::uint32_t memories = 0;
  std::uint32_t globals = 0;
  std::uint32_t tags = 0;
};

/// A module's description: what `read_module` has checked of untrusted bytes. Index spaces hold
/// imports first.
///
/// Every index it holds is in range and every number within the limits it was read with. Function
/// bodies are only known to be in place and to declare few enough locals: `scan_code` walks them,
/// the engine validates them.
///
/// Borrows the module's bytes, which must outlive it unchanged. Const calls may run concurrently.
struct Module {
  std::span<const std::byte> bytes;
  std::vector<Section> sections;
  std::vector<TypeEntry> types;
  std::vector<Import> imports;
  ImportedCounts imported;
  std::vector<std::uint32_t> functions;  ///< type indices
  std::vector<Table> tables;
  std::vector<Memory> memories;
  std::vector<Global> globals;
  std::vector<std::uint32_t> tags;  ///< type indices
  std::vector<Export> exports;
  std::optional<std::uint32_t> start;
  std::vector<ElementSegment> elements;
  std::optional<std::uint32_t> data_count;
  std::vector<DataSegment> data;
  std::vector<std::span<const std::byte>> bodies;  ///< of functions[imported.functions + i]

  /// Null when nothing is exported under that name.
  const Export* find_export(std::string_view name) const;

  /// The type of the function at `index`, which is in range.
  const FunctionType& function_type(std::uint32_t index) const {
    return types[functions[index]].function;
  }

  /// Where a view into the module begins in it.
  std::size_t offset_of(std::span<const std::byte> view) const {
    return static_cast<std::size_t>(view.data() - bytes.data());
  }
};

/// As in the text format: "i32", "funcref", "(ref null 3)", "(i32 i32) -> (i64)", "func".
std::string to_string(const ValueType& type);
std::string to_string(const FunctionType& type);
std::string_view to_string(ExternalKind kind);

}  // namespace skerry::wasm
