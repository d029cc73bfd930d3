// SPDX-License-Identifier: Apache-2.0
#include <ctime>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/app/commands.h"
#include "skerry/app/session_variables.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"
#include "skerry/tool/json_text.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;
using session::SessionName;
using session::SessionStore;

/// Characters of a value in a table; JSON has all that there is.
constexpr std::size_t kMostShown = 100;

std::string time_text(std::int64_t unix_ns) {
  const std::time_t seconds = unix_ns / 1'000'000'000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

ordered_json json_of(const session::SessionInfo& info) {
  return {{"name", info.name},
          {"template", info.template_name},
          {"head", info.head},
          {"revisions", info.revisions},
          {"runs", info.runs},
          {"bytes", info.bytes},
          {"created_unix_ns", info.created_unix_ns},
          {"used_unix_ns", info.used_unix_ns}};
}

ordered_json json_of(const session::RevisionInfo& info) {
  ordered_json json{{"revision", info.number},       {"parent", nullptr},
                    {"head", info.is_head},          {"created_unix_ns", info.created_unix_ns},
                    {"first_line", info.first_line}, {"outcome", info.outcome},
                    {"label", info.label},           {"bytes", info.bytes},
                    {"pages", info.pages},           {"durable", info.is_durable}};
  if (info.parent) json["parent"] = *info.parent;
  return json;
}

std::vector<std::string> row_of(const session::SessionInfo& info) {
  return {info.name,
          std::to_string(info.head),
          std::to_string(info.revisions),
          size_text(info.bytes),
          time_text(info.used_unix_ns),
          info.template_name};
}

std::vector<std::string> session_head() {
  return {"session", "head", "own revisions", "on disk", "last used", "template"};
}

Status show_list(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const auto sessions, store.list());
  if (options.json) {
    ordered_json json{{"sessions", ordered_json::array()}};
    for (const auto& each : sessions) json["sessions"].push_back(json_of(each));
    std::puts(tool::text_of(json).c_str());
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
    std::puts(tool::text_of(json_of(info)).c_str());
  } else {
    std::fputs(table({session_head(), row_of(info)}).c_str(), stdout);
  }
  return ok_status();
}

Status show_log(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  const auto revisions = store.revisions(name);
  SKERRY_ASSIGN(const auto events, store.events(name));
  // A session that went may still have something to tell: why.
  if (!revisions.ok() && events.empty()) return revisions.status();
  if (options.json) {
    ordered_json json{{"revisions", ordered_json::array()}, {"events", ordered_json::array()}};
    for (const auto& each : revisions.value_or(std::vector<session::RevisionInfo>{})) {
      json["revisions"].push_back(json_of(each));
    }
    for (const auto& each : events) {
      json["events"].push_back({{"at_unix_ns", each.at_unix_ns}, {"text", each.text}});
    }
    std::puts(tool::text_of(json).c_str());
    return ok_status();
  }
  std::vector<std::vector<std::string>> rows = {
      {"", "revision", "from", "time", "outcome", "adds", "label", "code"}};
  for (const auto& each : revisions.value_or(std::vector<session::RevisionInfo>{})) {
    rows.push_back({each.is_head ? "*" : "", std::to_string(each.number),
                    each.parent ? std::to_string(*each.parent) : "-",
                    time_text(each.created_unix_ns), each.outcome, size_text(each.bytes),
                    each.label, each.first_line});
  }
  if (rows.size() > 1) std::fputs(table(rows).c_str(), stdout);
  for (const auto& each : events) {
    std::puts((time_text(each.at_unix_ns) + "  " + each.text).c_str());
  }
  return ok_status();
}

void tell_revision(const StoreOptions& options, const session::RevisionInfo& info,
                   const std::string& what) {
  if (options.json) {
    std::puts(tool::text_of(json_of(info)).c_str());
  } else {
    std::puts(what.c_str());
  }
}

Status make_checkpoint(SessionStore& store, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  const std::string label = options.other.empty()
                                ? "checkpoint " + time_text(std::time(nullptr) * 1'000'000'000)
                                : options.other;
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
    std::puts(tool::text_of(json_of(info)).c_str());
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
  std::puts(options.json
                ? tool::text_of({{"cleared", cleared}}).c_str()
                : fmt::format("{} session{} cleared", cleared, cleared == 1 ? "" : "s").c_str());
  return ok_status();
}

Status show_diff(SessionStore& store, const runtime::Home& home, const StoreOptions& options) {
  SKERRY_ASSIGN(const SessionName name, SessionName::parse(options.name));
  const auto variables_at = [&](const std::string& where) -> Result<Variables> {
    if (where == "0") return Variables{};
    SKERRY_ASSIGN(const auto opened, store.open_revision(name, where));
    return read_variables(home, opened.revision.image());
  };
  SKERRY_ASSIGN(const Variables before, variables_at(options.other));
  SKERRY_ASSIGN(const Variables after, variables_at(options.second));
  ordered_json json{{"added", ordered_json::array()},
                    {"changed", ordered_json::array()},
                    {"removed", ordered_json::array()}};
  std::vector<std::vector<std::string>> rows = {{"", "name", "type", "value"}};
  const auto tell = [&](const char* kind, const char* sign, const std::string& variable,
                        const Variable& value) {
    json[kind].push_back({{"name", variable}, {"type", value.type}, {"value", value.text}});
    rows.push_back({sign, variable, value.type, shortened(value.text, kMostShown)});
  };
  for (const auto& [variable, value] : after) {
    const auto old = before.find(variable);
    if (old == before.end()) {
      tell("added", "+", variable, value);
    } else if (old->second != value) {
      tell("changed", "~", variable, value);
    }
  }
  for (const auto& [variable, value] : before) {
    if (!after.contains(variable)) tell("removed", "-", variable, value);
  }
  if (options.json) {
    std::puts(tool::text_of(json).c_str());
  } else if (rows.size() == 1) {
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
  add_store_action(
      *session, "checkpoint", "Give the session's revision a label, and keep it",
      without_home(make_checkpoint), [](CLI::App& command, StoreOptions& options) {
        take_name(command, options);
        command.add_option("label", options.other, "By default, the time")->type_name("LABEL");
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
  session->footer(
      "Examples:\n"
      "  skerry run --session work -c 'x = 41'\n"
      "  skerry run --session work -c 'print(x + 1)'\n"
      "  skerry session log work\n"
      "  skerry session checkpoint work good; skerry session rewind work good\n"
      "  skerry session fork work attempt; skerry session diff work 1 2\n"
      "  skerry session export work work.session; skerry session import work.session --name "
      "copy\n");
}

}  // namespace skerry::app
