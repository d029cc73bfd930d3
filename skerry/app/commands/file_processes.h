// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/run/runner.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_transaction.h"
#include "skerry/store/session_store.h"
#include "skerry/worker/worker.h"

namespace skerry::app {

/// Performs operations on the files of the home's sessions without a service: each in a process of
/// its own, jailed as a run is, by the code of the service's workers. A change takes its turn
/// behind the run that is under way.
///
/// Borrows the store. Confined to one thread, which it blocks while a process works; while it waits
/// for a session, the loop goes on.
class FileProcesses final : public run::FileRunner {
 public:
  /// What becomes of a change to a session that does not exist.
  enum class Missing { kRefused, kBegun };
  struct Options {
    std::optional<std::string> revision = std::nullopt;  ///< that is looked at; none: the head
    Missing missing = Missing::kRefused;
    std::function<void()> lasts = [] {};  ///< called now and then while something lasts
  };

  /// Sets the runtimes up where that has not been done.
  static Result<FileProcesses> open(store::SessionStore& store, const runtime::Installation& home,
                                    Options options);

  /// kNotFound for a session or revision that is not there; else fails as `run::FileRunner` does.
  boost::asio::awaitable<Result<sandbox::Outcome>> perform(run::FileWork work) override;

 private:
  FileProcesses(store::SessionStore& store, runtime::Installation installation,
                worker::ImageCatalog catalog, Options options)
      : store_(&store),
        installation_(std::move(installation)),
        catalog_(std::move(catalog)),
        options_(std::move(options)) {}

  Result<std::shared_ptr<const image::Revision>> looked_at(const store::SessionName& name) const;
  boost::asio::awaitable<Result<session::SessionTransaction>> begin(const store::SessionName& name);
  /// Works from `revision` on; what it leaves goes to the file `left`.
  Result<sandbox::Outcome> work_on(const std::shared_ptr<const image::Revision>& revision,
                                   run::FileWork& work, int left) const;
  Result<sandbox::Outcome> change(session::SessionTransaction& turn, run::FileWork& work);

  store::SessionStore* store_;
  runtime::Installation installation_;
  worker::ImageCatalog catalog_;
  Options options_;
};

}  // namespace skerry::app
