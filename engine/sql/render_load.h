// ir::Load -> the statements of a bulk load. Pure; never fails.
//
// Rows go into a temporary table, `pg_temp.rowan_load`, which goes with its transaction: their number `n` and the
// values `c0`, `c1`, … of their columns. For each reference a second one, `pg_temp.rowan_load_0`, gets the records that
// the rows name, which are locked meanwhile: the key `k0`, … and what they give, `g0`, …. Rows that name nothing are
// taken out, and the rest becomes records in one statement.
//
//   INSERT INTO "public"."users" AS t ("name", "role_id") SELECT s.c0, r0.g0 FROM pg_temp.rowan_load s
//   LEFT JOIN pg_temp.rowan_load_0 r0 ON r0.k0 = s.c1
#pragma once

#include <string>
#include <vector>

#include "engine/ir/load.h"
#include "engine/pg/statement.h"

namespace rowan::sql {

struct LoadStatement {
  std::string description;  // for Explain
  pg::Statement statement;
};

// A reference: its records, and the rows without one.
struct ReferenceStatements {
  LoadStatement find;
  // Takes out the rows that name nothing. Parameters: how many of their numbers to give, lowest first.
  LoadStatement reject;
};

struct LoadStatements {
  LoadStatement stage;  // makes the table
  LoadStatement copy;   // takes rows: PostgreSQL's binary format, `n` first
  std::vector<ReferenceStatements> references;
  // Writes all rows. Those it touches are those inserted; with policy kUpdate it gives one row instead: how many were
  // inserted, and how many updated.
  LoadStatement write;
  // What runs after `write` failed. Takes out rows whose key an earlier row has (policy kUpdate, else empty).
  // Parameters and result as `reject`.
  LoadStatement repeated;
  LoadStatement index;        // makes ranges of rows quick to find
  LoadStatement write_range;  // as `write`, for rows from $1 to before $2
  // When an identity is loaded, else empty: takes its sequence beyond the largest value, so that later inserts do not
  // meet it. Parameters: the table and the column, as pg_get_serial_sequence wants them.
  LoadStatement advance;
  const Field* identity = nullptr;  // that `advance` is for
};

LoadStatements RenderLoad(const ir::Load& load);

}  // namespace rowan::sql
