// Drawings of a schema: a box for each model, an edge for each pair of related ends. Private to clients/cli.
#pragma once

#include <string>
#include <vector>

#include "rowan/v1/schema.pb.h"

namespace rowan::cli {

// How many records stand at an end of an edge.
enum class Cardinality { kOne, kZeroOrOne, kMany };

struct GraphEdge {
  std::string from;  // models
  std::string to;
  std::string name;  // of the relation that leads from `from` to `to`
  Cardinality at_from = Cardinality::kMany;
  Cardinality at_to = Cardinality::kOne;
};

// A field of a box: those of the primary key and of foreign keys.
struct GraphField {
  std::string name;
  std::string type;
  bool primary = false;
  bool foreign = false;
};

struct GraphBox {
  std::string model;
  std::string table;  // with its PostgreSQL schema
  std::vector<GraphField> fields;
};

struct Graph {
  std::vector<GraphBox> boxes;  // in the order of the models
  std::vector<GraphEdge> edges;
};

// Returns the graph of a schema in its canonical form. Two ends of one relation are one edge.
Graph GraphOf(const v1::Schema& schema);

// Returns a Mermaid erDiagram.
std::string MermaidOf(const Graph& graph);

// Returns an SVG image: models stand to the right of those that they refer to.
std::string SvgOf(const Graph& graph);

}  // namespace rowan::cli
