// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/task_store.h"

#include <utility>

namespace skerry::task {

TaskStore::TaskStore(Options options) : options_(std::move(options)), instance_(new_id("")) {}

TaskStore::~TaskStore() { pool_.join(); }

Status TaskStore::open_if_needed() {
  if (tables_) return ok_status();
  Status opened = open();
  if (opened.ok()) {
    complained_.clear();
    return opened;
  }
  tables_.reset();
  const std::string why(message_of(opened));
  switch (opened.code()) {
    case StatusCode::kDataLoss:
      complain(why +
               "\n  move the file away, with its -wal and -shm, and a new one is made; what "
               "it held is then in the file moved away alone");
      return absl::DataLossError(
          "the tasks' database is damaged; the service's log says where it is and what to do");
    case StatusCode::kUnimplemented:
      complain(why);
      return absl::UnavailableError("the tasks' database is a newer version's");
    default:
      complain(why);
      if (!lock_ && opened.code() == StatusCode::kUnavailable) {
        return absl::UnavailableError("another service on this machine has the tasks");
      }
      return absl::UnavailableError(
          "the tasks' database cannot be opened now; the service's log says why");
  }
}

Status TaskStore::open() {
  SKERRY_TRY(make_private_directory(options_.directory));
  if (!lock_) {
    SKERRY_ASSIGN(lock_, FileLock::try_acquire(options_.directory / "lock"));
  }
  SKERRY_ASSIGN(tables_, TaskTables::open(options_.directory / "tasks.db", instance_));
  const auto recovered = tables_->recover(options_.now_unix_ns());
  if (recovered.ok()) return ok_status();
  return annotate(recovered.status(), tables_->last_failure());
}

void TaskStore::note(const Status& status) {
  const bool is_ours = status.code() == StatusCode::kUnavailable ||
                       status.code() == StatusCode::kDataLoss ||
                       status.code() == StatusCode::kInternal;
  if (!is_ours) return;
  complain(tables_->last_failure());
  // What is read next may be a file that was put in its place.
  if (status.code() != StatusCode::kUnavailable) tables_.reset();
}

void TaskStore::complain(const std::string& what) {
  if (what == complained_ || !options_.complain) return;  // once for each cause
  complained_ = what;
  options_.complain("tasks: " + what);
}

}  // namespace skerry::task
