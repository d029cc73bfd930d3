// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/run/text_format.h"
#include "skerry/v1/options.pb.h"

namespace skerry::run {

/// Takes requests of one type, as JSON or as messages, and checks them against its fields' options,
/// in the same words for both. What it finds out about the fields it finds out once. Immutable: any
/// thread may use it.
class MessageDecoder {
 public:
  /// Further rules, by field: what the operator says, over what the options say.
  using Rules = std::map<std::string, v1::FieldRules, std::less<>>;

  /// A type of requests: its fields are texts, numbers (double, int64), truth values, lists of
  /// these and maps from text to these or to choices (`is_choice`). Ends the program for one with
  /// others, for an unknown format, and for rules of a field that is not there. `name` is what
  /// unknown parameters are said to be for.
  MessageDecoder(const google::protobuf::Descriptor& type, std::string name,
                 const Rules& rules = {});

  /// The JSON Schema of what `parse` takes.
  nlohmann::ordered_json schema() const;

  /// Fills a message of the type, which must be empty: values are moved, what is null counts as
  /// left out, and what is left out has its default. kInvalidArgument naming what is missing,
  /// unknown, of the wrong type or out of its bounds.
  Status parse(nlohmann::json given, google::protobuf::Message& message) const;

  /// Checks a message of the type that came as one, and fills defaults in. A text that is empty
  /// counts as left out; where one is required, it may be, unless its format takes no empty text.
  /// Fails as `parse` does.
  Status complete(google::protobuf::Message& message) const;

 private:
  struct Field {
    const google::protobuf::FieldDescriptor* descriptor;
    v1::FieldRules rules;
    const TextFormat* format;  // null: any text
    nlohmann::json default_value;
  };

  static Status read(const Field& field, nlohmann::json value, google::protobuf::Message& message);
  static Status read_choices(const Field& field, nlohmann::json given,
                             google::protobuf::Message& message);
  static Status check_choices(const Field& field, const google::protobuf::Message& message);
  static Status check(const Field& field, const google::protobuf::Message& message);
  static Status missing(const Field& field);
  Status check_known(const nlohmann::json& given) const;
  Status unknown(std::string_view names) const;
  void add_defaults(google::protobuf::Message& message) const;

  std::string name_;
  std::vector<Field> fields_;
  std::vector<const google::protobuf::FieldDescriptor*> refused_;  // singular fields
};

}  // namespace skerry::run
