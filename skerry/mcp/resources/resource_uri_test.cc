// SPDX-License-Identifier: Apache-2.0
#include "skerry/mcp/resources/resource_uri.h"

#include <string>

#include <gtest/gtest.h>

namespace skerry::mcp {
namespace {

using files::FilePath;

std::string path_in(std::string_view uri) {
  const auto resource = resource_at(uri);
  if (!resource.ok() || !std::holds_alternative<FileResource>(*resource)) return "none";
  return std::get<FileResource>(*resource).path.below();
}

TEST(ResourceUriTest, AUriLeadsToWhatItWasMadeOf) {
  const auto session = *store::SessionName::parse("a.b:c-d_1");
  for (const char* path : {"in.txt", "d/in.txt", "memory/x", "workspace/x", "100% of it?#.txt",
                           "a b/\u00e9\u20ac.csv", "[x]{y}\\|\"<>^`", "%41"}) {
    const Resource file = FileResource{
        .session = session, .path = *FilePath::parse_below(FilePath::Root::kWorkspace, path)};
    const std::string uri = uri_of(file);
    EXPECT_EQ(path_in(uri), path) << uri;
    for (const char byte : uri) EXPECT_TRUE(byte > ' ' && byte < 127) << uri;
  }
  EXPECT_EQ(uri_of(LogResource{.session = session}), "skerry://sessions/a.b:c-d_1/log");
  EXPECT_TRUE(std::holds_alternative<LogResource>(*resource_at("skerry://sessions/s/log")));
  EXPECT_EQ(std::get<ImageResource>(*resource_at("skerry://images/1f")).id, "1f");
}

TEST(ResourceUriTest, EscapesAreOfEitherCaseAndOfAnyByte) {
  EXPECT_EQ(path_in("skerry://sessions/s/files/%69n%2Etxt"), "in.txt");
  EXPECT_EQ(path_in("skerry://sessions/%73/files/%c3%A9"), "\u00e9");
  EXPECT_EQ(path_in("skerry://sessions/s/files/a%2Fb"), "a/b");
}

TEST(ResourceUriTest, WhatCannotBeIsRefused) {
  for (const char* uri :
       {"skerry://sessions/s/files/%", "skerry://sessions/s/files/%4",
        "skerry://sessions/s/files/%4g", "skerry://sessions/s/files/../x",
        "skerry://sessions/s/files/a/%2e%2E/x", "skerry://sessions/s/files//etc/passwd",
        "skerry://sessions/s/files/%2fetc", "skerry://sessions/s/files/a%00",
        "skerry://sessions/s/files/%ff", "skerry://sessions/../files/x",
        "skerry://sessions/a%2Fb/files/x", "skerry://sessions//log"}) {
    EXPECT_EQ(resource_at(uri).status().code(), StatusCode::kInvalidArgument) << uri;
  }
  const std::string long_path(20'000, 'a');
  EXPECT_EQ(resource_at("skerry://sessions/s/files/" + long_path).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(ResourceUriTest, OtherUrisNameNothing) {
  for (const char* uri : {"", "file:///etc/passwd", "skerry://sessions/s", "skerry://sessions/s/",
                          "skerry:", "skerry://sessions/s/logs", "skerry://sessions/s/files",
                          "skerry://sessions/s/files/", "skerry://sessions/s/files/.",
                          "skerry://sessions/s/log?x", "skerry://sessions/s/log#x"}) {
    EXPECT_EQ(resource_at(uri).status().code(), StatusCode::kNotFound) << uri;
  }
}

}  // namespace
}  // namespace skerry::mcp
