// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "skerry/app/commands/commands.h"
#include "skerry/app/session_variables.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/time_text.h"
#include "skerry/runtime/registry.h"
#include "skerry/session/session_report.h"

namespace skerry::app {
namespace {

using store::SessionName;
using store::SessionStore;

/// Characters of a value in a table; JSON has all that there is.
constexpr std::size_t kMaxShown = 100;

std::vector<std::string> row_of(const store::SessionInfo& info) {
  return {info.name,
          std::to_string(info.head),
          std::to_string(info.revisions),
          size_text(info.bytes),
          local_time(info.used_unix_ns),
          info.template_name};
}

std::vector<std::string> session_head() {
  return {"session", "head", "own revisions", "on disk", "last used", "template"};
}

Status show_list(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const auto sessions, store.list());
  if (options.json) {
    std::puts(dump_json(session::json_of(sessions)).c_str());
    return ok_status();
  }
  if (sessions.empty()) {
    std::puts("no sessions; `skerry run --session NAME …` makes one");
    return ok_status();
  }
  std::vector<std::vector<std::string>> rows = {session_head()};
  for (const auto& each : sessions) rows.push_back(row_of(each));
  std::fputs(table(rows).c_str(), stdout);
  return ok_status();
}

Status show_info(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  SKERRY_ASSIGN(const auto info, store.info(name));
  if (options.json) {
    std::puts(dump_json(session::json_of(info)).c_str());
  } else {
    std::fputs(table({session_head(), row_of(info)}).c_str(), stdout);
  }
  return ok_status();
}

Status show_log(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  SKERRY_ASSIGN(const session::SessionLog log, session::session_log(store, name));
  if (options.json) {
    std::puts(dump_json(session::json_of(log)).c_str());
    return ok_status();
  }
  std::vector<std::vector<std::string>> rows = {
      {"", "revision", "from", "time", "outcome", "adds", "label", "code"}};
  for (const auto& each : log.revisions) {
    rows.push_back({each.is_head ? "*" : "", std::to_string(each.number),
                    each.parent ? std::to_string(*each.parent) : "-",
                    local_time(each.created_unix_ns), each.outcome, size_text(each.bytes),
                    each.label, each.first_line});
  }
  if (rows.size() > 1) std::fputs(table(rows).c_str(), stdout);
  for (const auto& each : log.events) {
    std::puts((local_time(each.at_unix_ns) + "  " + each.text).c_str());
  }
  return ok_status();
}

void tell_revision(const StoreOptions& options, const store::RevisionInfo& info,
                   const std::string& what) {
  if (options.json) {
    std::puts(dump_json(session::json_of(info)).c_str());
  } else {
    std::puts(what.c_str());
  }
}

Status make_checkpoint(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  const std::string label = options.other.empty() ? session::checkpoint_label() : options.other;
  SKERRY_ASSIGN(const auto made, store.checkpoint(name, label));
  std::string what = fmt::format("revision {} is \"{}\" now", made.info.number, label);
  if (!made.replaced.empty()) what += fmt::format(", and \"{}\" no more", made.replaced);
  if (made.taken) {
    what +=
        fmt::format("; revision {} was, and may be forgotten now when there are many", *made.taken);
  }
  tell_revision(options, made.info, what);
  return ok_status();
}

Status do_rewind(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  SKERRY_ASSIGN(const auto info, store.rewind(name, options.other));
  tell_revision(
      options, info,
      fmt::format("session {} is at revision {} now; later ones stay", options.name, info.number));
  return ok_status();
}

Status do_fork(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  SKERRY_ASSIGN(const SessionName fork, SessionName::parse(options.other));
  SKERRY_TRY(store.fork(name, fork));
  SKERRY_ASSIGN(const auto info, store.info(fork));
  if (options.json) {
    std::puts(dump_json(session::json_of(info)).c_str());
  } else {
    std::puts(fmt::format("session {} is at revision {} of {}", fork.text(), info.head, name.text())
                  .c_str());
  }
  return ok_status();
}

Status do_clear(SessionStore& store, const StoreOptions& options) {
  std::optional<SessionName> name;
  if (options.has_name) {
    SKERRY_ASSIGN(name, SessionName::parse(options.name));
  }
  SKERRY_ASSIGN(const std::int64_t cleared, store.clear(name));
  if (options.json) {
    v1::ClearSessionsResponse message;
    message.set_cleared(cleared);
    std::puts(dump_json(run::document_of(message)).c_str());
  } else {
    std::puts(fmt::format("{} session{} cleared", cleared, cleared == 1 ? "" : "s").c_str());
  }
  return ok_status();
}

Status show_diff(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  const auto variables_at = [&](const std::string& where) -> Result<session::Variables> {
    SKERRY_ASSIGN(const auto opened, store.open_revision(name, where));
    if (!opened.revision) return session::Variables{};
    return read_variables(runtime::bundled_in(home), opened.revision->image());
  };
  SKERRY_ASSIGN(const auto before, variables_at(options.other));
  SKERRY_ASSIGN(const auto after, variables_at(options.second));
  const session::VariablesDiff diff = session::diff_of(before, after);
  if (options.json) {
    std::puts(dump_json(session::json_of(diff)).c_str());
    return ok_status();
  }
  std::vector<std::vector<std::string>> rows = {{"", "name", "type", "value"}};
  const auto add = [&rows](const char* sign, const session::Variables& variables) {
    for (const auto& [variable, value] : variables) {
      rows.push_back({sign, variable, value.type, shortened(value.text, kMaxShown)});
    }
  };
  add("+", diff.added);
  add("~", diff.changed);
  add("-", diff.removed);
  if (rows.size() == 1) {
    std::puts("no variable differs");
  } else {
    std::fputs(table(rows).c_str(), stdout);
  }
  return ok_status();
}

StoreAction without_home(Status (*action)(SessionStore&, const StoreOptions&)) {
  return [action](SessionStore& store, const runtime::Home&, const StoreOptions& options) {
    return action(store, options);
  };
}

}  // namespace

void add_session_command(CLI::App& app) {
  CLI::App* session =
      app.add_subcommand("session", "Sessions: what runs left, to go on from, back to or aside");
  session->require_subcommand(1);
  add_store_action(*session, "list", "All sessions, last used first", without_home(show_list),
                   [](CLI::App&, StoreOptions&) {});
  add_store_action(*session, "info", "One session", without_home(show_info), take_name);
  add_store_action(*session, "log", "A session's revisions and what happened to it",
                   without_home(show_log), take_name);
  add_store_action(*session, "checkpoint", "Give the session's revision a label, and keep it",
                   without_home(make_checkpoint), [](CLI::App& command, StoreOptions& options) {
                     take_name(command, options);
                     command.add_option("label", options.other, "By default, the time")
                         ->type_name("LABEL")
                         ->check(refuse_empty);
                   });
  add_store_action(
      *session, "rewind", "Make another revision the one to go on from; later ones stay",
      without_home(do_rewind), [](CLI::App& command, StoreOptions& options) {
        take_name(command, options);
        command.add_option("revision", options.other, "Its number or label; 0 is the template")
            ->type_name("REV")
            ->required();
      });
  add_store_action(
      *session, "fork", "A second session that starts where this one is", without_home(do_fork),
      [](CLI::App& command, StoreOptions& options) {
        take_name(command, options);
        command.add_option("new", options.other, "The fork's name")->type_name("NEW")->required();
      });
  add_store_action(
      *session, "diff", "Variables added, changed and removed between two revisions", show_diff,
      [](CLI::App& command, StoreOptions& options) {
        take_name(command, options);
        command.add_option("a", options.other, "The earlier revision")->type_name("A")->required();
        command.add_option("b", options.second, "The later revision")->type_name("B")->required();
      });
  add_store_action(*session, "clear", "Forget a session, or all", without_home(do_clear),
                   [](CLI::App& command, StoreOptions& options) {
                     command.add_option("name", options.name, "The session; by default, all")
                         ->type_name("NAME")
                         ->each([&options](const std::string&) { options.has_name = true; });
                   });
  add_transfer_commands(*session);
  add_file_commands(*session);
  session->footer(
      "Examples:\n"
      "  skerry run --session work -c 'x = 41'\n"
      "  skerry run --session work -c 'print(x + 1)'\n"
      "  skerry session log work\n"
      "  skerry session checkpoint work good; skerry session rewind work good\n"
      "  skerry session fork work attempt; skerry session diff work 1 2\n"
      "  skerry session export work work.session; skerry session import work.session --name "
      "copy\n"
      "  skerry session files put work in.csv data/; skerry session files list work\n");
}

}  // namespace skerry::app
