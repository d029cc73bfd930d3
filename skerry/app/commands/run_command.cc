// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <memory>
#include <optional>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>

#include "skerry/app/commands/commands.h"
#include "skerry/app/commands/heap.h"
#include "skerry/app/commands/leave.h"
#include "skerry/app/run_options.h"
#include "skerry/app/session_run.h"
#include "skerry/app/terminal_image.h"
#include "skerry/base/os/file.h"
#include "skerry/runtime/registry.h"
#include "skerry/sandbox/template_memory.h"
#include "skerry/worker/run_guest.h"

namespace skerry::app {
namespace {

// Source is held in memory a few times over while it is compiled.
constexpr ByteSize kMaxSource = mib(32);

// What loading the runtime and a template takes: mostly the engine's tables of CPython's functions.
constexpr ByteSize kHeap = mib(8);

struct ProgramOptions {
  RunOptions run;
  std::string code;
  std::string file;
  std::optional<std::string> template_name;
  std::optional<std::string> session;
  bool durable = false;
  bool echo = false;
  bool has_code = false;
};

Result<runtime::Program> program_of(const ProgramOptions& options) {
  runtime::Program program;
  std::string zeroth = "-c";
  if (options.has_code) {
    if (!options.file.empty()) return absl::InvalidArgumentError("give -c CODE or FILE, not both");
    program.code = options.code;
  } else if (options.file.empty() || options.file == "-") {
    if (options.file.empty() && ::isatty(STDIN_FILENO) == 1) {
      return absl::InvalidArgumentError(
          "nothing to run: give -c CODE, FILE, or - to read it from standard input");
    }
    auto code = read_all(STDIN_FILENO, kMaxSource);
    if (!code.ok()) return annotate(code.status(), "standard input");
    program.code = *std::move(code);
    program.name = "<stdin>";
    zeroth = "-";
  } else {
    SKERRY_ASSIGN(program.code, read_file(options.file, kMaxSource));
    program.name = zeroth = options.file;
    program.has_file = true;
  }
  if (zeroth != "-c" || !options.run.arguments.empty()) {
    program.arguments.push_back(zeroth);
    program.arguments.insert(program.arguments.end(), options.run.arguments.begin(),
                             options.run.arguments.end());
  }
  if (options.echo) {
    program.last_value = runtime::Program::LastValue::kPrintedAndReturned;
  } else if (options.run.json) {
    program.last_value = runtime::Program::LastValue::kReturned;
  }
  program.shows =
      options.run.json ? runtime::Program::Shows::kAll : runtime::Program::Shows::kImages;
  program.shows_sixels =
      !options.run.json && TerminalImages(options.run.images, STDOUT_FILENO).may_be_sixels();
  return program;
}

Status check_names(const ProgramOptions& options) {
  SKERRY_TRY(check_given("--session", options.session));
  return check_given("--template", options.template_name);
}

/// What a fresh run starts from.
Result<std::unique_ptr<sandbox::LoadedImage>> fresh_image(const runtime::Installation& installation,
                                                          const ProgramOptions& options,
                                                          const sandbox::Limits& limits) {
  return ready_image(installation,
                     options.template_name.value_or(installation.runtimes().default_template()),
                     limits.fuel ? engine::Metering::kFuel : engine::Metering::kNone);
}

/// What a run begins on: a session's state, or else a fresh image.
struct Begun {
  std::unique_ptr<SessionRun> session;
  std::unique_ptr<sandbox::LoadedImage> fresh;

  const sandbox::LoadedImage& loaded() const { return session ? session->loaded() : *fresh; }
};

Result<Begun> begin(const runtime::Installation& installation, const ProgramOptions& options,
                    const sandbox::Limits& limits) {
  Begun begun;
  if (options.session) {
    SKERRY_ASSIGN(begun.session,
                  SessionRun::open(installation,
                                   {.name = *options.session,
                                    .template_name = options.template_name.value_or(""),
                                    .durable = options.durable},
                                   limits));
  } else {
    SKERRY_ASSIGN(begun.fresh, fresh_image(installation, options, limits));
  }
  return begun;
}

/// Returns our failure's exit code, or else ends the process.
int run(const ProgramOptions& options) {
  if (const Status given = check_names(options); !given.ok()) return fail(options.run, given);
  auto parameters = RunParameters::open(options.run);
  if (!parameters.ok()) return fail(options.run, parameters.status());
  auto program = program_of(options);
  if (!program.ok()) return fail(options.run, program.status());
  program->environment = parameters->environment;
  const auto home = runtime::Home::from_environment();
  if (!home.ok()) return fail(options.run, home.status());
  const runtime::Installation installation = runtime::bundled_in(*home);

  reserve_heap(kHeap);
  auto begun = begin(installation, options, parameters->limits);
  if (!begun.ok()) return fail(options.run, begun.status());
  const std::unique_ptr<SessionRun>& session = begun->session;
  if (session) session->continue_with(*program);
  const sandbox::LoadedImage& loaded = begun->loaded();
  const auto runtime = installation.runtimes().of(loaded.image->manifest.facts);
  if (!runtime.ok()) return fail(options.run, runtime.status());
  const auto body = [&](worker::RunChannel& channel) -> Result<sandbox::Outcome> {
    SKERRY_ASSIGN(const auto sandbox, sandbox::Sandbox::load(loaded, parameters->limits));
    SKERRY_TRY(parameters->import_directories(sandbox->state().files()));
    worker::DescriptorInput input = parameters->input_for(channel);
    std::vector<int> used{parameters->input.get()};
    if (session) used.push_back(session->left());
    const auto randomness = session ? session->randomness() : runtime::Randomness::kFresh;
    const worker::GuestRun guest{
        .sandbox = [&] { return sandbox.get(); },
        .run =
            [&](sandbox::Sandbox& at) {
              return (*runtime)->run(at, *program, parameters->run_environment(channel, input),
                                     randomness);
            },
        .before = sandbox->state().files(),
        .exports = parameters->exports(),
        .reports_changes = parameters->changes() == worker::FileChanges::kReported,
        .kept = used};
    SKERRY_ASSIGN(sandbox::Outcome outcome, worker::run_guest(guest, channel));
    if (session) SKERRY_TRY(session->leave_state(*sandbox));
    return outcome;
  };
  Afterwards afterwards;
  if (session) {
    afterwards = [&](const sandbox::Outcome& outcome) {
      return session->report(outcome, *program);
    };
  }
  const int exit_code = run_and_report(options.run, *parameters,
                                       sandbox::template_memory(*loaded.image), body, afterwards);
  if (session) SessionRun::end(std::move(begun->session));
  leave(exit_code);
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto options = std::make_shared<ProgramOptions>();
  CLI::App* command = app.add_subcommand("run", "Run a Python program in a fresh sandbox");
  auto* code = command->add_option("-c", options->code, "The program itself")->type_name("CODE");
  command->add_option("file", options->file, "The program's file, or - for standard input")
      ->type_name("FILE");
  command
      ->add_option("--template", options->template_name,
                   "The image to start from: python-data (all libraries are warm; the default), "
                   "python, or one that `skerry template` built")
      ->type_name("NAME");
  auto* session = command
                      ->add_option("--session", options->session,
                                   "Go on where this session's last run ended, and keep what this "
                                   "one leaves")
                      ->type_name("NAME");
  command
      ->add_flag("--durable", options->durable,
                 "Answer when the session is safe from a power loss, too")
      ->needs(session);
  command->add_flag("--echo", options->echo,
                    "Print the last expression's value, as a prompt would");
  command
      ->add_option("--images", options->run.images,
                   "How images that the program shows appear: as kitty's, iTerm2's or sixel "
                   "graphics, or in files; auto asks the environment, then the terminal [auto]")
      ->type_name("HOW")
      ->envname("SKERRY_IMAGES")
      ->check(CLI::IsMember({"auto", "kitty", "iterm2", "sixel", "files"}));
  options->run.add_to(*command);
  command->add_option("arguments", options->run.arguments, "sys.argv, after --")->type_name("ARGS");
  command->footer(
      "Exit code: the program's own; 124 deadline, 125 our failure, 130 cancelled, 134 trapped,\n"
      "137 out of memory, 139 crashed, 152 out of fuel.\n\n"
      "Examples:\n"
      "  skerry run -c 'print(2+2)'\n"
      "  skerry run report.py --dir ./data::/data --output-dir out -- --year 2026\n"
      "  echo 'print(input())' > p.py; echo hello | skerry run p.py\n"
      "  skerry run --session work -c 'x = 41'; skerry run --session work -c 'print(x + 1)'\n"
      "  skerry run --json --timeout 5 --memory 512 -c 'import numpy; numpy.arange(3).sum()'\n");
  command->callback([options, code] {
    options->has_code = code->count() > 0;
    if (options->has_code && !options->file.empty()) {
      // Behind -c the first bare word is the program's argument, not a file.
      options->run.arguments.insert(options->run.arguments.begin(), options->file);
      options->file.clear();
    }
    throw CLI::RuntimeError(run(*options));
  });
}

}  // namespace skerry::app
