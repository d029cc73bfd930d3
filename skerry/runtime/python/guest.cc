// SPDX-License-Identifier: Apache-2.0
#include "skerry/runtime/python/guest.h"

namespace skerry::runtime::python {

std::string guest_source() {
  std::string source =
      "import sys, types\n"
      "_skerry = types.ModuleType('_skerry')\n"
      "exec(compile(r'''";
  source += guest_text();
  source +=
      "''', '<skerry>', 'exec'), _skerry.__dict__)\n"
      "sys.modules['_skerry'] = _skerry\n"
      "del sys, types, _skerry\n";
  return source;
}

}  // namespace skerry::runtime::python
