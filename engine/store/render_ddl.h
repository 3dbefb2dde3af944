// The DDL of an image's parts: one statement each, without a semicolon. Names are always quoted. Never fails. Private to
// engine/store.
#pragma once

#include <string>
#include <vector>

#include "engine/store/database_image.h"

namespace rowan::store {

// "public"."users"
std::string Sql(const ObjectName& name);

// "SET NULL"
std::string ActionSql(ReferentialAction action);

// "DEFAULT now()", of a column whose source is an expression.
std::string DefaultClause(const ColumnImage& column);

std::string CreateSchema(const std::string& schema);

std::string CreateType(const EnumImage& type);
// `neighbour` is the label that the new one comes before or after; empty when it is the only one.
std::string AddLabel(const ObjectName& type, const std::string& label, bool before, const std::string& neighbour);
std::string RenameType(const ObjectName& type, const std::string& to);
std::string DropType(const ObjectName& type);

// The table with its columns, keys and checks. Foreign keys and indexes come when all tables are there.
std::string CreateTable(const TableImage& table);
std::string DropTable(const TableImage& table);
std::string RenameTable(const ObjectName& table, const std::string& to);
std::string MoveTable(const ObjectName& table, const std::string& to_schema);

std::string AddColumn(const ObjectName& table, const ColumnImage& column);
std::string DropColumn(const ObjectName& table, const std::string& column);
std::string RenameColumn(const ObjectName& table, const std::string& from, const std::string& to);
// `conversion` as of ConversionOf.
std::string SetType(const ObjectName& table, const ColumnImage& column, const std::string& conversion);
std::string SetNotNull(const ObjectName& table, const std::string& column);
std::string DropNotNull(const ObjectName& table, const std::string& column);
// Where the value comes from, for a column that has nothing else; the source is an expression or an identity.
std::string SetSource(const ObjectName& table, const ColumnImage& column);
// Takes it away again. The source is not kGenerated.
std::string DropSource(const ObjectName& table, const ColumnImage& column);
// Keeps what was computed, which is an ordinary value from now on.
std::string DropGenerated(const ObjectName& table, const std::string& column);
// Lets the identity go on after the greatest value that is there.
std::string AdvanceIdentity(const ObjectName& table, const std::string& column);
// Lets the sequence of a serial hold the column's type.
std::string SetSequenceType(const ColumnImage& column);
// Gives rows without a value what the column's default is.
std::string FillNulls(const ObjectName& table, const ColumnImage& column);

std::string AddKey(const ObjectName& table, const KeyImage& key);
// Makes the key of a unique index that is there.
std::string AddKeyUsing(const ObjectName& table, const KeyImage& key, const std::string& index);
// Not validated: rows that are there are not looked at.
std::string AddCheck(const ObjectName& table, const CheckImage& check, bool validated);
std::string AddForeignKey(const ObjectName& table, const ForeignKeyImage& key, bool validated);
std::string ValidateConstraint(const ObjectName& table, const std::string& constraint);
std::string DropConstraint(const ObjectName& table, const std::string& constraint);
std::string RenameConstraint(const ObjectName& table, const std::string& from, const std::string& to);

std::string CreateIndex(const ObjectName& table, const IndexImage& index, bool concurrently);
std::string DropIndex(const ObjectName& index, bool concurrently);
std::string RenameIndex(const ObjectName& index, const std::string& to);

}  // namespace rowan::store
