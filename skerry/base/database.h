// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace skerry {

/// What goes into and comes out of a column.
struct Cell {
  std::optional<std::int64_t> integer;
  std::optional<std::string> text;  ///< or bytes
  bool is_blob = false;

  static Cell of(std::int64_t value) { return {.integer = value, .text = {}}; }
  static Cell of(std::string_view value) { return {.integer = {}, .text = std::string(value)}; }
  static Cell blob(std::string_view value) {
    return {.integer = {}, .text = std::string(value), .is_blob = true};
  }
  static Cell null() { return {}; }
};

/// One row of an answer. Columns of another kind than asked for are 0 or empty: the statement says
/// what they are.
class Row {
 public:
  explicit Row(std::vector<Cell> cells) : cells_(std::move(cells)) {}
  std::int64_t integer(std::size_t column) const { return cells_[column].integer.value_or(0); }
  std::string text(std::size_t column) const { return cells_[column].text.value_or(""); }
  bool is_null(std::size_t column) const { return !cells_[column].integer && !cells_[column].text; }

 private:
  std::vector<Cell> cells_;
};

/// A SQLite database in WAL mode. Several processes may have it open; each waits up to ten seconds
/// for another's transaction. Statements are prepared once. Confined to one thread.
class Database {
 public:
  /// Opens or makes it. kDataLoss when the file is no database; kPermissionDenied when it cannot be
  /// written.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path);
  ~Database();

  /// Runs one statement to its end. kResourceExhausted when the disk is full, kUnavailable when it
  /// stays locked.
  Result<std::vector<Row>> run(std::string_view sql, const std::vector<Cell>& values = {});

  /// Runs statements that take no values.
  Status run_script(const char* sql);

  std::int64_t last_id() const;

  /// Whether transactions from now on survive a power loss, or only the end of this process.
  Status set_durable(bool durable);

 private:
  Database() = default;
  Status take_wal_mode();
  Result<sqlite3_stmt*> prepared(std::string_view sql);
  Status failure(int code, std::string_view what) const;

  sqlite3* handle_ = nullptr;
  std::vector<std::pair<std::string, sqlite3_stmt*>> statements_;
  std::filesystem::path path_;
};

/// Everything until `commit`, or nothing. Takes the write lock at once.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) {
    other.database_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace skerry
