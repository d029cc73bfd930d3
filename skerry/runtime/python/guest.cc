// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/guest.h"

#include <fmt/format.h>

namespace skerry::runtime::python {

std::string guest_source() {
  // Programs may change what is built in: not for us.
  std::string source =
      "import builtins, sys, types\n"
      "_skerry_builtins = dict(vars(builtins))\n";
  for (const EmbeddedText& module : guest_modules()) {
    source += fmt::format(
        "sys.modules['_{0}'] = types.ModuleType('_{0}')\n"
        "sys.modules['_{0}'].__builtins__ = _skerry_builtins\n"
        "exec(compile(r'''{1}''', '<skerry>', 'exec'), sys.modules['_{0}'].__dict__)\n",
        module.name, module.text);
  }
  return source + "del builtins, sys, types, _skerry_builtins\n";
}

}  // namespace skerry::runtime::python
