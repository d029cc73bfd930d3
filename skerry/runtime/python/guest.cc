// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/guest.h"

#include <fmt/format.h>

namespace skerry::runtime::python {

void visit_guest_source(const std::function<void(std::string_view)>& visit) {
  // Programs may change what is built in: not for us.
  visit(
      "import builtins, sys, types\n"
      "_skerry_builtins = dict(vars(builtins))\n");
  for (const EmbeddedText& module : guest_modules()) {
    visit(
        fmt::format("sys.modules['_{0}'] = types.ModuleType('_{0}')\n"
                    "sys.modules['_{0}'].__builtins__ = _skerry_builtins\n"
                    "exec(compile(r'''",
                    module.name));
    visit(module.text);
    visit(fmt::format("''', '<skerry>', 'exec'), sys.modules['_{0}'].__dict__)\n", module.name));
  }
  visit("del builtins, sys, types, _skerry_builtins\n");
}

std::string guest_source() {
  std::string source;
  visit_guest_source([&](std::string_view piece) { source += piece; });
  return source;
}

}  // namespace skerry::runtime::python
