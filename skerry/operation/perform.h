// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/base/status.h"
#include "skerry/files/deadline.h"
#include "skerry/files/tree.h"
#include "skerry/operation/request.h"

namespace skerry::operation {

/// Does what `request` asks for, and returns the answer of its kind. No guest code runs.
///
/// Failures name the path, as clients write it: kNotFound, kFailedPrecondition and kAlreadyExists
/// for what is in the trees; kPermissionDenied; kInvalidArgument; kResourceExhausted at a quota or
/// a limit; kDeadlineExceeded, but for a command, whose output says so. What fails may be done in
/// part.
Result<Response> perform(const Request& request, files::Trees& trees, files::Deadline& deadline);

}  // namespace skerry::operation
