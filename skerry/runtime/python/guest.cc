// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/guest.h"

#include <fmt/format.h>

namespace skerry::runtime::python {

std::string guest_source() {
  std::string source = "import sys, types\n";
  for (const EmbeddedText& module : guest_modules()) {
    source += fmt::format(
        "sys.modules['_{0}'] = types.ModuleType('_{0}')\n"
        "exec(compile(r'''{1}''', '<skerry>', 'exec'), sys.modules['_{0}'].__dict__)\n",
        module.name, module.text);
  }
  return source + "del sys, types\n";
}

}  // namespace skerry::runtime::python
