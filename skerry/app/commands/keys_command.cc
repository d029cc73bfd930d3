// SPDX-License-Identifier: Apache-2.0
// `skerry keys`: who may use the service.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/access/key_file.h"
#include "skerry/app/commands/commands.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/time_text.h"
#include "skerry/runtime/home.h"
#include "skerry/session/session_report.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;

struct KeyOptions {
  std::string tenant;
  std::string label;
  access::Allowance allowance;
  std::string id;
  bool json = false;
};

ordered_json json_of(const access::Key& key) {
  return {{"id", key.id},
          {"tenant", key.tenant},
          {"label", key.label},
          {"created_unix", key.created_unix},
          {"tools", key.allowance.tools},
          {"runs_per_second", key.allowance.runs_per_second},
          {"runs_per_day", key.allowance.runs_per_day}};
}

Result<access::KeyFile> key_file() {
  SKERRY_ASSIGN(const auto home, runtime::Home::from_environment());
  return access::KeyFile(home.keys());
}

std::string limit_text(double limit) { return limit > 0 ? fmt::format("{:g}", limit) : "-"; }

Status create(const KeyOptions& options) {
  SKERRY_ASSIGN(const auto made,
                access::make_key(options.tenant, options.label, options.allowance));
  SKERRY_ASSIGN(const auto file, key_file());
  SKERRY_TRY(file.add(made.key));
  if (options.json) {
    ordered_json told = json_of(made.key);
    told["key"] = made.text;
    std::puts(dump_json(told).c_str());
    return ok_status();
  }
  std::puts(made.text.c_str());
  std::fputs(("skerry: this is the key of tenant " + made.key.tenant +
              "; it is shown this once. A service that runs learns of it by SIGHUP.\n")
                 .c_str(),
             stderr);
  return ok_status();
}

Status list(const KeyOptions& options) {
  SKERRY_ASSIGN(const auto file, key_file());
  SKERRY_ASSIGN(const auto keys, file.read());
  if (options.json) {
    ordered_json told{{"keys", ordered_json::array()}};
    for (const auto& key : keys) told["keys"].push_back(json_of(key));
    std::puts(dump_json(told).c_str());
    return ok_status();
  }
  if (keys.empty()) {
    std::puts("no keys; `skerry keys create TENANT` makes one");
    return ok_status();
  }
  std::vector<std::vector<std::string>> rows = {
      {"id", "tenant", "label", "tools", "runs/s", "runs/day", "created"}};
  for (const auto& key : keys) {
    std::string tools;
    for (const auto& tool : key.allowance.tools) tools += (tools.empty() ? "" : ",") + tool;
    rows.push_back({key.id, key.tenant, key.label, tools.empty() ? "all" : tools,
                    limit_text(key.allowance.runs_per_second),
                    limit_text(static_cast<double>(key.allowance.runs_per_day)),
                    local_time(key.created_unix * 1'000'000'000)});
  }
  std::fputs(table(rows).c_str(), stdout);
  return ok_status();
}

Status revoke(const KeyOptions& options) {
  SKERRY_ASSIGN(const auto file, key_file());
  SKERRY_TRY(file.remove(options.id));
  std::puts(options.json
                ? dump_json({{"revoked", options.id}}).c_str()
                : ("key " + options.id + " is revoked; a service that runs learns of it by SIGHUP")
                      .c_str());
  return ok_status();
}

/// Adds one action; `arguments` adds what it takes besides --json.
CLI::App* add(CLI::App& keys, const std::shared_ptr<KeyOptions>& options, const char* name,
              const char* description, Status (*action)(const KeyOptions&)) {
  CLI::App* command = keys.add_subcommand(name, description);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, action] {
    const Status status = action(*options);
    if (!status.ok()) throw CLI::RuntimeError(report_failure(status));
  });
  return command;
}

}  // namespace

void add_keys_command(CLI::App& app) {
  CLI::App* keys = app.add_subcommand("keys", "Keys of those who may use the service");
  keys->require_subcommand(1);
  const auto options = std::make_shared<KeyOptions>();
  CLI::App* making = add(*keys, options, "create", "Make a key, and show it this once", create);
  making->add_option("tenant", options->tenant, "Whose sessions, tasks and files it opens")
      ->type_name("TENANT")
      ->required();
  making->add_option("--label", options->label, "What it is for")->type_name("TEXT");
  making
      ->add_option("--tool", options->allowance.tools,
                   "It may call this tool and none but those named; repeatable [all]")
      ->type_name("NAME")
      ->allow_extra_args(false);
  making
      ->add_option("--runs-per-second", options->allowance.runs_per_second,
                   "Calls that it may make in a second [no limit]")
      ->type_name("N");
  making
      ->add_option("--runs-per-day", options->allowance.runs_per_day,
                   "Calls that it may make in a day of UTC [no limit]")
      ->type_name("N");
  add(*keys, options, "list", "All keys, but not their text", list);
  add(*keys, options, "revoke", "Make a key worthless", revoke)
      ->add_option("id", options->id, "As `list` has it")
      ->type_name("ID")
      ->required();
  keys->footer(
      "Examples:\n"
      "  skerry keys create team-a --label ci --runs-per-second 20\n"
      "  skerry keys create bots --tool calculator\n"
      "  skerry keys list\n"
      "  skerry keys revoke 0123456789ab\n");
}

}  // namespace skerry::app
