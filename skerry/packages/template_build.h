// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "skerry/base/status.h"
#include "skerry/runtime/built_templates.h"
#include "skerry/runtime/installation.h"

namespace skerry::packages {

/// A template that somebody wants, as typed.
struct TemplateRequest {
  std::string name;
  std::string base;                       ///< the template of a runtime that it is added to
  std::vector<std::string> packages;      ///< requirements, or files of packages
  std::vector<std::string> requirements;  ///< files of requirements
  std::string program;                    ///< a file: run in it before it is kept; empty: none

  /// The command that asks for the same.
  std::string command() const;
};

struct BuiltTemplate {
  runtime::TemplateLock lock;
  bool was_there = false;  ///< the same had been built before
};

/// Builds a template: gets the packages, unpacks and loads them in a sandbox, runs the program
/// there, and keeps what that leaves. What the packages and the program print goes to standard
/// error. The base must be usable. Waits while another one is built in the same Home.
/// kInvalidArgument for a name or base that cannot be; kFailedPrecondition, in words for people,
/// when the packages cannot be had or do not load, or the program fails: then nothing is kept. The
/// process must have one thread.
Result<BuiltTemplate> build_template(const runtime::Installation& installation,
                                     const TemplateRequest& request,
                                     runtime::SetUpObserver& observer);

}  // namespace skerry::packages
