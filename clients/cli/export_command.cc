#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/csv.h"
#include "clients/cli/file_columns.h"
#include "clients/cli/input.h"
#include "clients/cli/server.h"
#include "clients/cli/stream_records.h"
#include "clients/document/request.h"
#include "clients/document/typed_value.h"
#include "clients/document/write_document.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

// Writes records as a file that load reads.
class FileWriter final : public RecordSink {
 public:
  FileWriter(Format format, std::vector<FileColumn> columns, std::ostream& out)
      : format_(format), columns_(std::move(columns)), out_(out) {}

  void Begin(const v1::Shape& shape) override {
    for (const FileColumn& column : columns_) places_.push_back(Find(shape, column));
    if (format_ != Format::kCsv) return;
    std::vector<Cell> names;
    for (const FileColumn& column : columns_) names.emplace_back(column.name);
    AppendCsv(names, text_);
    Flush();
  }

  void Print(const google::protobuf::RepeatedPtrField<v1::Record>& records) override {
    static const v1::Value null = [] {
      v1::Value value;
      value.set_null_value(google::protobuf::NULL_VALUE);
      return value;
    }();
    for (const v1::Record& record : records) {
      std::vector<Cell> cells;
      document::Node object = document::Object();
      for (size_t i = 0; i < columns_.size(); ++i) {
        const Place& place = places_[i];
        const v1::Value* value = &null;
        if (place.relation < 0) {
          value = &record.values(place.field);
        } else if (const v1::RecordList& related = record.related(place.relation); related.records_size() > 0) {
          value = &related.records(0).values(place.field);
        }
        if (format_ == Format::kCsv) {
          cells.push_back(document::ShowCell(*value));
        } else {
          object.Add(columns_[i].name, document::ShowTyped(*value));
        }
      }
      if (format_ == Format::kCsv) {
        AppendCsv(cells, text_);
      } else {
        text_ += document::ToJsonLine(object) + "\n";
      }
    }
    Flush();
  }

  void End() override {}

 private:
  // Where a column stands in a record.
  struct Place {
    int relation = -1;  // -1: in the record itself
    int field = 0;
  };

  static Place Find(const v1::Shape& shape, const FileColumn& column) {
    Place place;
    const v1::Shape* holder = &shape;
    for (int i = 0; i < shape.relations_size() && !column.relation.empty(); ++i) {
      if (shape.relations(i).name() != column.relation) continue;
      place.relation = i;
      holder = &shape.relations(i).shape();
    }
    for (int i = 0; i < holder->fields_size(); ++i) {
      if (holder->fields(i).name() == column.field) place.field = i;
    }
    return place;
  }

  void Flush() {
    out_ << text_;
    text_.clear();
  }

  const Format format_;
  const std::vector<FileColumn> columns_;
  std::ostream& out_;
  std::vector<Place> places_;
  std::string text_;
};

// The columns that were asked for, or all fields that a load can write.
absl::StatusOr<std::vector<FileColumn>> ColumnsOf(const Options& options, const v1::Schema& schema,
                                                  const v1::Model& model) {
  std::vector<FileColumn> columns;
  for (const std::string& name : options.columns) {
    for (const FileColumn& other : columns) {
      if (other.name == name) return absl::InvalidArgumentError("the column " + name + " is there twice");
    }
    columns.push_back(FindColumn(schema, model, name));
  }
  if (!columns.empty()) return columns;
  for (const v1::Field& field : model.fields()) {
    if (!field.read_only()) columns.push_back(FindColumn(schema, model, field.name()));
  }
  return columns;
}

absl::StatusOr<v1::ExplainRequest> RequestOf(const Options& options, const std::vector<FileColumn>& columns,
                                             Console& console) {
  document::Node document = document::Object();
  document::Node select = document::Object();
  std::vector<std::pair<std::string, document::Node>> relations;
  for (const FileColumn& column : columns) {
    if (column.relation.empty()) {
      select.Add(column.field, document::Bool(true));
      continue;
    }
    auto found = relations.begin();
    while (found != relations.end() && found->first != column.relation) ++found;
    if (found == relations.end()) found = relations.insert(found, {column.relation, document::Object()});
    found->second.Add(column.field, document::Bool(true));
  }
  for (auto& [name, fields] : relations) select.Add(name, std::move(fields));
  document.Add("select", std::move(select));
  if (!options.where.empty()) {
    Options filter = options;
    filter.document = options.where;
    filter.file.clear();
    ROWAN_ASSIGN_OR_RETURN(document::Node where, ReadDocument(filter, console));
    document.Add("where", std::move(where));
  }
  if (options.read.limit) document.Add("limit", document::Number(*options.read.limit));
  return document::ToExplainRequest("stream", options.schema, options.model, document);
}

}  // namespace

int RunExport(const Options& options, const Channel& channel, Console& console) {
  v1::SchemaService::Stub schemas(channel);
  v1::GetSchemaRequest request;
  request.set_name(options.schema);
  v1::Schema schema;
  if (const auto failure = Send(options, console, schemas, &v1::SchemaService::Stub::GetSchema, request, schema)) {
    return Tell(console, *failure);
  }
  const v1::Model* found = FindModel(schema, options.model);
  // Of a model that is not there the server says which are.
  const v1::Model& model = found == nullptr ? v1::Model::default_instance() : *found;
  auto columns = ColumnsOf(options, schema, model);
  if (!columns.ok()) return Tell(console, FailureOf(columns.status()));
  if (found == nullptr) columns->push_back(FindColumn(schema, model, "*"));
  for (const v1::Relation& relation : model.relations()) {
    for (const FileColumn& column : *columns) {
      if (column.relation != relation.name() || relation.kind() == v1::RELATION_KIND_BELONGS_TO) continue;
      return Tell(console, {.message = column.name + ": only a belongsTo relation is held by the record itself",
                            .hint = "export the other model, too, with the key of this one"});
    }
  }
  const auto stream = RequestOf(options, *columns, console);
  if (!stream.ok()) return Tell(console, FailureOf(stream.status()));
  if (options.file == "-") {
    FileWriter writer(options.format, *std::move(columns), console.out);
    return StreamRecords(options, channel, console, stream->stream(), writer);
  }
  std::ofstream file(options.file, std::ios::binary);
  if (!file) return Tell(console, {.message = "cannot write " + options.file, .hint = "give the path of a file, or -"});
  Console to_file{console.in, file, console.err};
  to_file.err_is_terminal = console.err_is_terminal;
  to_file.progress_interval = console.progress_interval;
  to_file.resume_wait = console.resume_wait;
  to_file.interrupt = console.interrupt;
  FileWriter writer(options.format, *std::move(columns), file);
  return StreamRecords(options, channel, to_file, stream->stream(), writer);
}

}  // namespace rowan::cli
