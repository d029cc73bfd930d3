// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "skerry/base/test_directory.h"
#include "skerry/upload/uploads.h"

namespace skerry::upload::testing {

/// Uploads in a directory of their own, gone with it. For tests only.
class TestUploads {
 public:
  explicit TestUploads(loop::Pool& pool) : uploads_(pool, *store_) {}

  Uploads& get() { return uploads_; }
  UploadStore& store() { return *store_; }

 private:
  TestDirectory directory_;
  std::unique_ptr<UploadStore> store_ =
      UploadStore::open({.directory = directory_.path() / "uploads"}).value();
  Uploads uploads_;
};

}  // namespace skerry::upload::testing
