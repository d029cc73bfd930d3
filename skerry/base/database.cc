// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/database.h"

#include <chrono>
#include <cstdint>
#include <sqlite3.h>
#include <sys/statvfs.h>
#include <thread>
#include <utility>

namespace skerry {
namespace {

// How long one waits for what another connection holds.
constexpr std::chrono::milliseconds kPatience{10'000};

/// What keeps anybody from writing beside `file`, as people can mend it; empty when it is neither.
std::string why_no_writing(const std::filesystem::path& file) {
  struct statvfs info{};
  if (::statvfs(file.parent_path().c_str(), &info) != 0) return {};
  if ((info.f_flag & ST_RDONLY) != 0) return " (the file system is read-only)";
  constexpr unsigned long long kLeast = std::uint64_t{256} << 10;  // what a small transaction takes
  if (info.f_bavail * info.f_frsize >= kLeast) return {};
  return " (the disk is full: make room on it, then try again)";
}

}  // namespace

Status Database::failure(int code, std::string_view what) const {
  const std::string message = path_.native() + ": " + std::string(what) + ": " +
                              (handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
  const std::string why = why_no_writing(path_);
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return absl::ResourceExhaustedError(message + why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return absl::PermissionDeniedError(message + why);
    default:
      return absl::InternalError(message);
  }
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
  auto database = std::unique_ptr<Database>(new Database);
  database->path_ = path;
  const int code =
      sqlite3_open_v2(path.c_str(), &database->handle_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return database->failure(code, "opening");
  sqlite3_busy_timeout(database->handle_, static_cast<int>(kPatience.count()));
  SKERRY_TRY(database->take_wal_mode());
  SKERRY_TRY(database->run_script("PRAGMA foreign_keys=ON"));
  SKERRY_TRY(database->set_durable(false));
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

// A change of the journal's mode does not wait for other connections that open the same new file,
// or close it, at this moment: SQLite refuses at once where waiting could be for ever.
Status Database::take_wal_mode() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const Status status = run_script("PRAGMA journal_mode=WAL");
    if (status.code() != StatusCode::kUnavailable) return status;
    if (std::chrono::steady_clock::now() >= deadline) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

Status Database::set_durable(bool durable) {
  // NORMAL: a power loss may take the last transactions along, never the database.
  return run_script(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

Status Database::run_script(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? ok_status() : failure(code, sql);
}

Result<sqlite3_stmt*> Database::prepared(std::string_view sql) {
  for (const auto& [text, statement] : statements_) {
    if (text == sql) return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(code, sql);
  statements_.emplace_back(sql, statement);
  return statement;
}

Result<std::vector<Row>> Database::run(std::string_view sql, const std::vector<Cell>& values) {
  SKERRY_ASSIGN(sqlite3_stmt* const statement, prepared(sql));
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int at = static_cast<int>(i) + 1;
    if (values[i].integer) {
      sqlite3_bind_int64(statement, at, *values[i].integer);
    } else if (values[i].text && values[i].is_blob) {
      sqlite3_bind_blob64(statement, at, values[i].text->data(), values[i].text->size(),
                          SQLITE_TRANSIENT);
    } else if (values[i].text) {
      sqlite3_bind_text64(statement, at, values[i].text->data(), values[i].text->size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);
    }
  }
  std::vector<Row> rows;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::vector<Cell> cells;
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
          cells.push_back(Cell::of(sqlite3_column_int64(statement, column)));
          break;
        case SQLITE_NULL:
          cells.push_back(Cell::null());
          break;
        default: {
          // Of a text, its bytes in UTF-8, as they lie in the database.
          const auto* text = static_cast<const char*>(sqlite3_column_blob(statement, column));
          const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
          cells.push_back(Cell::of(std::string_view(text, size)));
        }
      }
    }
    rows.emplace_back(std::move(cells));
  }
  Status status = code == SQLITE_DONE ? ok_status() : failure(code, sql);
  sqlite3_reset(statement);
  if (!status.ok()) return status;
  return rows;
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

Result<Transaction> Transaction::begin(Database& database) {
  SKERRY_TRY(database.run("BEGIN IMMEDIATE").status());
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->run("ROLLBACK");
}

Status Transaction::commit() {
  SKERRY_TRY(database_->run("COMMIT").status());
  database_ = nullptr;
  return ok_status();
}

}  // namespace skerry
