// SPDX-License-Identifier: Apache-2.0
// `skerry template`: templates with packages of one's own.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/session_run.h"
#include "skerry/app/store_action.h"
#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"
#include "skerry/base/time_text.h"
#include "skerry/packages/template_build.h"
#include "skerry/runtime/registry.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const runtime::TemplateLock& lock) {
  return ordered_json::parse(lock.to_json());
}

Status build(const runtime::Home& home, const packages::TemplateRequest& request,
             const StoreOptions& how) {
  for (const auto* each : {&request.packages, &request.requirements}) {
    for (const std::string& value : *each) {
      if (value.empty()) return absl::InvalidArgumentError("a package is empty: leave it out");
      if (value.front() == '-') {
        return absl::InvalidArgumentError("\"" + value + "\" is an option, not a package");
      }
    }
  }
  if (request.packages.empty() && request.requirements.empty() && request.program.empty()) {
    return absl::InvalidArgumentError("nothing to add: give --pip, --requirements or --run");
  }
  const runtime::Installation installation = runtime::bundled_in(home);
  SKERRY_TRY(ready_image(installation, request.base, engine::Metering::kNone).status());
  SKERRY_ASSIGN(const auto built, [&] {
    SetUpProgress progress;
    return packages::build_template(installation, request, progress);
  }());
  if (how.json) {
    ordered_json told = json_of(built.lock);
    told["was_there"] = built.was_there;
    std::puts(dump_json(told).c_str());
    return ok_status();
  }
  std::string names;
  for (const auto& each : built.lock.packages) {
    names += (names.empty() ? ": " : ", ") + each.name + " " + each.version;
  }
  std::puts(fmt::format(
                "template {} {}{}", built.lock.name,
                built.was_there ? "is built of the same already; nothing to do" : "is built", names)
                .c_str());
  return ok_status();
}

Status list(const runtime::Home& home, const StoreOptions& options) {
  const runtime::Installation installation = runtime::bundled_in(home);
  const runtime::Runtimes& runtimes = installation.runtimes();
  ordered_json told{{"templates", ordered_json::array()}};
  std::vector<std::vector<std::string>> rows = {{"name", "from", "packages", "built", "state"}};
  for (const std::string& each : runtimes.template_names()) {
    told["templates"].push_back({{"name", each},
                                 {"is_default", each == runtimes.default_template()},
                                 {"is_shipped", true}});
    rows.push_back({each, "", "shipped", "", ""});
  }
  for (const std::string& each : installation.built().names()) {
    const auto lock = installation.built().lock_of(each);
    const Status state = installation.check_built(each, SealedFile::Depth::kTimes);
    ordered_json one = lock.ok() ? json_of(*lock) : ordered_json{{"name", each}};
    one["is_default"] = one["is_shipped"] = false;
    one["problem"] = state.ok() ? ordered_json() : ordered_json(std::string(message_of(state)));
    told["templates"].push_back(std::move(one));
    std::string packages;
    if (lock.ok()) {
      for (const auto& package : lock->packages) {
        packages += (packages.empty() ? "" : ", ") + package.name + " " + package.version;
      }
    }
    rows.push_back({each, lock.ok() ? lock->base : "", shortened(packages, 60),
                    lock.ok() ? local_time(lock->created_unix * 1'000'000'000) : "",
                    state.ok() ? "" : std::string(message_of(state))});
  }
  std::fputs(options.json ? (dump_json(told) + "\n").c_str() : table(rows).c_str(), stdout);
  return ok_status();
}

Status remove(const runtime::Home& home, const StoreOptions& options) {
  const runtime::Installation installation = runtime::bundled_in(home);
  if (installation.runtimes().with_template(options.name).ok()) {
    return absl::InvalidArgumentError("template " + options.name +
                                      " is one that Skerry ships: it cannot be removed");
  }
  SKERRY_ASSIGN(const FileLock one_at_a_time, installation.built().begin());
  SKERRY_TRY(installation.built().remove(options.name));
  std::puts(options.json ? dump_json({{"removed", options.name}}).c_str()
                         : ("template " + options.name + " is removed").c_str());
  return ok_status();
}

}  // namespace

void add_template_command(CLI::App& app) {
  CLI::App* commands = app.add_subcommand(
      "template", "Templates with packages of your own: build them, list them, remove them");
  commands->require_subcommand(1);
  const auto request = std::make_shared<packages::TemplateRequest>();
  request->base = runtime::bundled_runtimes().default_template();
  add_home_action(
      *commands, "build", "Add packages to a template, load them, and keep that as another",
      [request](const runtime::Home& home, const StoreOptions& options) {
        return build(home, *request, options);
      },
      [&](CLI::App& command, StoreOptions&) {
        command.add_option("name", request->name, "What runs will call it")
            ->type_name("NAME")
            ->required();
        command.add_option("--from", request->base, "The template that is added to")
            ->type_name("TEMPLATE")
            ->capture_default_str();
        command
            .add_option("--pip", request->packages,
                        "Packages, as pip takes them: requirements, or wheel files; repeatable")
            ->type_name("PKG");
        command
            .add_option("--requirements,-r", request->requirements,
                        "A file of requirements, as pip takes it; repeatable")
            ->type_name("FILE")
            ->allow_extra_args(false);
        command
            .add_option("--run", request->program,
                        "A program that is run in the template before it is kept: modules that it "
                        "loads stay loaded")
            ->type_name("FILE");
        command.footer(
            "Packages must be pure Python: compiled code cannot run in the sandbox.\n\n"
            "Examples:\n"
            "  skerry template build web --pip httpx 'markdownify>=0.13'\n"
            "  skerry template build team --requirements requirements.txt --run warm.py\n"
            "  skerry template build own --pip ./dist/own-1.0-py3-none-any.whl\n"
            "  skerry run --template web -c 'import httpx; print(httpx.__version__)'\n");
      });
  add_home_action(*commands, "list", "All templates, and of what they were built", list,
                  [](CLI::App&, StoreOptions&) {});
  add_home_action(
      *commands, "remove", "Remove a template that was built", remove,
      [](CLI::App& command, StoreOptions& options) {
        command.add_option("name", options.name, "The template")->type_name("NAME")->required();
      });
  commands->footer(
      "Examples:\n"
      "  skerry template build web --pip httpx\n"
      "  skerry run --template web -c 'import httpx'\n"
      "  skerry template list --json\n"
      "  skerry template remove web\n");
}

}  // namespace skerry::app
