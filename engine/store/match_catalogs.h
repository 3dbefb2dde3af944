// Which parts of two versions of a schema are the same part: those of one name, and those that `renamed_from` says so of,
// whichever of the two versions says it - so the way back undoes the renames of the way there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/store/database_image.h"

namespace rowan::store {

// What the members of a model were called.
struct MemberMatches {
  std::string model;                             // the model's name in `from`
  std::map<std::string, std::string> fields;     // name in `to` -> name in `from`
  std::map<std::string, std::string> relations;  // likewise
};

// The models of `to` that were there in `from`, by their names in `to`.
using Matches = std::map<std::string, MemberMatches>;

Matches MatchCatalogs(const Catalog& from, const Catalog& to);

// Returns what matches over two steps: `first` from a to b, `second` from b to c.
Matches Compose(const Matches& first, const Matches& second);

// Returns the matches of the way back.
Matches Inverted(const Matches& matches);

struct TableRename {
  ObjectName from;
  ObjectName to;
  std::string path;
};

struct ColumnRename {
  ObjectName table;  // as it is called after the renames of tables
  std::string from;
  std::string to;
  std::string path;
};

// What is called otherwise in the database.
struct Renames {
  std::vector<TableRename> tables;
  std::vector<ColumnRename> columns;
};

// Returns the renames that lead from the tables of `from` to those of `to`, junctions and the columns of renamed relations
// included. Tables of read-only models have none. Never fails. Pure.
Renames RenamesOf(const Catalog& from, const Catalog& to, const Matches& matches);

// Returns the image with its parts called as they are after the renames. Those of tables and columns that it does not have,
// or that are there under the new name already, change nothing; they are taken out of `renames`.
DatabaseImage Renamed(const DatabaseImage& image, Renames& renames);

}  // namespace rowan::store
