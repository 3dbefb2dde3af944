#include "engine/exec/kept_answer.h"

#include <utility>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/types/codec.h"

namespace rowan::exec {
namespace {

constexpr uint32_t kTextOid = 25;
constexpr uint32_t kByteaOid = 17;
constexpr uint32_t kBigintOid = 20;

// A row that is older than it has to be kept is as good as none.
const pg::Statement& ClaimStatement() {
  static const pg::Statement& statement = *new pg::Statement{
      "INSERT INTO \"rowan\".\"requests\" AS kept (\"schema\", \"request_id\", \"fingerprint\", \"expires_at\") "
      "VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond') ON CONFLICT (\"schema\", \"request_id\") DO UPDATE "
      "SET \"fingerprint\" = excluded.\"fingerprint\", \"answer\" = NULL, \"expires_at\" = excluded.\"expires_at\" "
      "WHERE kept.\"expires_at\" <= now() RETURNING 1",
      {kTextOid, kTextOid, kTextOid, kBigintOid}};
  return statement;
}

const pg::Statement& FindStatement() {
  static const pg::Statement& statement = *new pg::Statement{
      "SELECT \"fingerprint\", \"answer\" FROM \"rowan\".\"requests\" WHERE \"schema\" = $1 AND \"request_id\" = $2",
      {kTextOid, kTextOid}};
  return statement;
}

const pg::Statement& KeepStatement() {
  static const pg::Statement& statement = *new pg::Statement{
      "UPDATE \"rowan\".\"requests\" SET \"answer\" = $3 WHERE \"schema\" = $1 AND \"request_id\" = $2",
      {kTextOid, kTextOid, kByteaOid}};
  return statement;
}

// Rows that others remove or take over meanwhile are left to them.
const pg::Statement& RemoveStatement() {
  static const pg::Statement& statement = *new pg::Statement{
      "DELETE FROM \"rowan\".\"requests\" WHERE (\"schema\", \"request_id\") IN (SELECT \"schema\", \"request_id\" FROM "
      "\"rowan\".\"requests\" WHERE \"expires_at\" <= now() ORDER BY \"expires_at\" LIMIT 20 FOR UPDATE SKIP LOCKED)",
      {}};
  return statement;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> BeginOnce(const RequestIdentity& identity,
                                                     const pg::TransactionOptions& options, pg::Connection& connection,
                                                     const Context& context) {
  const Encoded retention = EncodeInt64(identity.retention.count());
  const std::vector<pg::Query> claim = {
      {&ClaimStatement(),
       {{identity.schema}, {identity.request_id}, {identity.fingerprint}, {retention.bytes}}}};
  ++context.counters.statements;
  ROWAN_ASSIGN_OR_RETURN(const std::vector<pg::Result> claimed,
                         connection.ExecuteAll(claim, {.begin = options}, context.call));
  if (claimed[0].rows() == 1) return std::nullopt;
  ++context.counters.statements;
  ROWAN_ASSIGN_OR_RETURN(
      const pg::Result kept,
      connection.Execute(FindStatement(), {{identity.schema}, {identity.request_id}}, context.call));
  if (kept.rows() != 1 || kept.null(0, 1)) return errors::Internal("a request that ran has no answer");
  if (kept.bytes(0, 0) != identity.fingerprint) return errors::KeyReused();
  return std::optional<std::string>(kept.bytes(0, 1));
}

absl::Status KeepAnswer(const RequestIdentity& identity, std::string_view answer, const pg::TransactionOptions& options,
                        pg::Connection& connection, const Context& context) {
  std::vector<pg::Query> queries = {{&KeepStatement(), {{identity.schema}, {identity.request_id}, {answer}}}};
  // Elsewhere a row that another transaction removed would be a conflict.
  if (options.isolation == pg::Isolation::kReadCommitted) queries.push_back({&RemoveStatement(), {}});
  context.counters.statements += static_cast<int64_t>(queries.size());
  return connection.ExecuteAll(queries, {}, context.call).status();
}

}  // namespace rowan::exec
