// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/embedded_text.h"

namespace skerry::runtime::python {

/// Of guest/python, as they were at build time: skerry_*.py in the order in which they are loaded,
/// imports.txt, patch/*.wat, parts.sha256, python.profile, figures_rehearsal.py.
std::span<const EmbeddedText> guest_modules();
std::string_view guest_imports();
std::string_view guest_patch();
std::string_view guest_parts();
std::string_view guest_profile();
std::string_view figures_rehearsal();

/// How packages are added to a template: what `PackageSupport` wants.
std::string_view fetch_packages();
std::string_view template_contents();
std::string_view template_unpack();

/// What a fresh interpreter is fed once: makes a module of each of `guest_modules`, such as
/// `_skerry` of skerry.py. Tracebacks know their code by the file name "<skerry>".
std::string guest_source();

/// The same in pieces, in order: for who would only read it once.
void visit_guest_source(const std::function<void(std::string_view)>& visit);

}  // namespace skerry::runtime::python
