#include "engine/store/read_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "tests/support/private_postgres.h"

namespace rowan::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class ReadImageTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    auto conninfo = test::PrivatePostgres::Shared().CreateDatabase(info->name());
    ASSERT_TRUE(conninfo.ok()) << conninfo.status();
    connection_.emplace(*conninfo);
    pqxx::work transaction(*connection_);
    transaction.exec("SET client_min_messages = error");
    transaction.commit();
  }

  void Sql(const std::string& sql) {
    pqxx::work transaction(*connection_);
    transaction.exec(sql);
    transaction.commit();
  }

  DatabaseImage Read(const std::set<std::string>& schemas = {}) {
    pqxx::read_transaction transaction(*connection_);
    return ReadImage(transaction, schemas);
  }

  std::vector<std::pair<std::string, std::string>> Unheld() {
    std::vector<std::pair<std::string, std::string>> unheld;
    for (const UnheldObject& object : Read().unheld) unheld.emplace_back(object.object, object.what);
    return unheld;
  }

  std::optional<pqxx::connection> connection_;
};

const TableImage& Table(const DatabaseImage& image, const std::string& name, const std::string& schema = "public") {
  static const TableImage none;
  const TableImage* const table = image.FindTable({schema, name});
  EXPECT_NE(table, nullptr) << schema << "." << name;
  return table == nullptr ? none : *table;
}

const ColumnImage& Column(const TableImage& table, const std::string& name) {
  static const ColumnImage none;
  const ColumnImage* const column = table.FindColumn(name);
  EXPECT_NE(column, nullptr) << name;
  return column == nullptr ? none : *column;
}

TEST_F(ReadImageTest, MapsTypes) {
  Sql("CREATE SCHEMA \"other\"; CREATE TYPE \"other\".\"Mood\" AS ENUM ('sad', 'it''s'); "
      "CREATE TYPE pair AS (a int, b text); CREATE DOMAIN email AS varchar(40); CREATE DOMAIN work_email AS email NOT "
      "NULL "
      "DEFAULT 'x'; CREATE DOMAIN tags AS text[]; CREATE DOMAIN \"Wei.rd\" AS int");
  struct Case {
    const char* declared;
    const char* held;
    Scalar scalar;
  };
  const Case cases[] = {
      {"smallint", "smallint", Scalar::kInt16},
      {"integer", "integer", Scalar::kInt32},
      {"bigint", "bigint", Scalar::kInt64},
      {"real", "real", Scalar::kFloat32},
      {"double precision", "double precision", Scalar::kFloat64},
      {"numeric", "numeric", Scalar::kDecimal},
      {"numeric(12,3)", "numeric(12,3)", Scalar::kDecimal},
      {"numeric(1000)", "numeric(1000,0)", Scalar::kDecimal},
      {"numeric(1000,1000)[]", "numeric(1000,1000)[]", Scalar::kDecimal},
      {"boolean", "boolean", Scalar::kBool},
      {"varchar", "varchar", Scalar::kString},
      {"varchar(7)[]", "varchar(7)[]", Scalar::kString},
      {"text[][]", "text[]", Scalar::kText},
      {"bytea", "bytea", Scalar::kBytes},
      {"uuid", "uuid", Scalar::kUuid},
      {"date", "date", Scalar::kDate},
      {"time", "time", Scalar::kTime},
      {"timestamptz", "timestamptz", Scalar::kTimestamp},
      {"timestamp", "timestamp", Scalar::kLocalTimestamp},
      {"jsonb", "jsonb", Scalar::kJson},
      {"\"other\".\"Mood\"", "\"other\".\"Mood\"", Scalar::kEnum},
      {"\"other\".\"Mood\"[]", "\"other\".\"Mood\"[]", Scalar::kEnum},
      {"email", "varchar(40)", Scalar::kString},
      {"work_email", "varchar(40)", Scalar::kString},
      {"tags", "text[]", Scalar::kText},
      {"\"Wei.rd\"", "integer", Scalar::kInt32},
      {"\"Wei.rd\"[]", "\"public\".\"Wei.rd\"[]", Scalar::kText},
      {"inet", "\"pg_catalog\".\"inet\"", Scalar::kText},
      {"json", "\"pg_catalog\".\"json\"", Scalar::kText},
      {"xml", "\"pg_catalog\".\"xml\"", Scalar::kText},
      {"tsvector", "\"pg_catalog\".\"tsvector\"", Scalar::kText},
      {"int4range[]", "\"pg_catalog\".\"int4range\"[]", Scalar::kText},
      {"\"char\"", "\"pg_catalog\".\"char\"", Scalar::kText},
      {"point", "\"pg_catalog\".\"point\"", Scalar::kText},
      {"int2vector", "\"pg_catalog\".\"int2vector\"", Scalar::kText},
      {"pair", "\"public\".\"pair\"", Scalar::kText},
  };
  int number = 0;
  for (const Case& c : cases) Sql(absl::StrCat("CREATE TABLE t", number++, " (c ", c.declared, ")"));
  const DatabaseImage image = Read();
  number = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.declared);
    const ColumnImage& column = Column(Table(image, absl::StrCat("t", number++)), "c");
    EXPECT_EQ(SqlType(column.type), c.held);
    EXPECT_EQ(column.type.scalar, c.scalar);
  }
  const ColumnImage& work_email = Column(Table(image, "t23"), "c");
  EXPECT_EQ(work_email.domain, "\"public\".\"work_email\"");
  EXPECT_FALSE(work_email.nullable);
  EXPECT_EQ(work_email.expression, "'x'::character varying");
  EXPECT_THAT(Column(Table(image, "t20"), "c").type.labels, ElementsAre("sad", "it's"));
  EXPECT_THAT(image.enums.at({"other", "Mood"}).labels, ElementsAre("sad", "it's"));
  EXPECT_THAT(image.schemas, ElementsAre("other", "public"));
}

TEST_F(ReadImageTest, ReadsTheModifiersOfNativeTypes) {
  Sql("CREATE TABLE t (bpchar char(3), bits bit(8), varying varbit(9)[], span interval, seconds interval(3), "
      "months interval year to month, zoned timetz(2), free bpchar)");
  const DatabaseImage image = Read();
  const TableImage& table = Table(image, "t");
  const auto modifiers = [&](const char* column) { return Column(table, column).type.native_modifiers; };
  EXPECT_THAT(modifiers("bpchar"), ElementsAre(3));
  EXPECT_THAT(modifiers("bits"), ElementsAre(8));
  EXPECT_THAT(modifiers("varying"), ElementsAre(9));
  EXPECT_THAT(modifiers("span"), IsEmpty());
  EXPECT_THAT(modifiers("seconds"), ElementsAre(32767, 3));
  EXPECT_THAT(modifiers("months"), ElementsAre(6));
  EXPECT_THAT(modifiers("zoned"), ElementsAre(2));
  EXPECT_THAT(modifiers("free"), IsEmpty());
  EXPECT_EQ(Column(table, "months").type.native_name, "interval");
  // The numbers make the same type again.
  Sql("CREATE TABLE again (seconds \"pg_catalog\".\"interval\"(32767,3), months \"pg_catalog\".\"interval\"(6), "
      "bpchar \"pg_catalog\".\"bpchar\"(3))");
  const DatabaseImage second = Read();
  for (const ColumnImage& column : Table(second, "again").columns) {
    EXPECT_EQ(column.type, Column(table, column.name).type) << column.name;
  }
}

TEST_F(ReadImageTest, TellsWhereValuesComeFrom) {
  Sql("CREATE SEQUENCE loose; CREATE TABLE t (a serial, b bigint GENERATED ALWAYS AS IDENTITY, "
      "c int GENERATED BY DEFAULT AS IDENTITY, d int DEFAULT nextval('loose'), e text DEFAULT 'x', "
      "f int GENERATED ALWAYS AS ((d + 1) * 2) STORED, g int NOT NULL, h int DEFAULT nextval('t_a_seq') + 1, "
      "\"i'x\" serial, j varchar(9) DEFAULT NULL::varchar, k serial)");
  Sql("ALTER TABLE t ALTER k DROP NOT NULL");
  const DatabaseImage image = Read();
  const TableImage& table = Table(image, "t");
  EXPECT_EQ(Column(table, "a").source, ColumnSource::kIdentity);
  EXPECT_TRUE(Column(table, "a").serial);
  EXPECT_EQ(Column(table, "i'x").source, ColumnSource::kIdentity);
  EXPECT_EQ(Column(table, "b").source, ColumnSource::kIdentity);
  EXPECT_TRUE(Column(table, "b").always);
  EXPECT_FALSE(Column(table, "b").serial);
  EXPECT_FALSE(Column(table, "c").always);
  EXPECT_EQ(Column(table, "d").source, ColumnSource::kExpression);
  EXPECT_EQ(Column(table, "d").expression, "nextval('loose'::regclass)");
  EXPECT_EQ(Column(table, "e").expression, "'x'::text");
  EXPECT_EQ(Column(table, "f").source, ColumnSource::kGenerated);
  EXPECT_EQ(Column(table, "f").expression, "(d + 1) * 2");
  EXPECT_EQ(Column(table, "g").source, ColumnSource::kNothing);
  EXPECT_FALSE(Column(table, "g").nullable);
  EXPECT_EQ(Column(table, "h").source, ColumnSource::kExpression);
  EXPECT_EQ(Column(table, "j").source, ColumnSource::kNothing);
  EXPECT_EQ(Column(table, "k").expression, "nextval('t_k_seq'::regclass)");
}

TEST_F(ReadImageTest, ReadsConstraintsInTheirOrder) {
  Sql("CREATE SCHEMA away; CREATE TABLE away.p (a int, b text, PRIMARY KEY (b, a), CONSTRAINT ab UNIQUE (a, b) "
      "DEFERRABLE);"
      "CREATE TABLE c (x text, y int, state text, kind varchar(9) CHECK (kind IN ('a', 'b')), "
      "CONSTRAINT k UNIQUE (y, x), CONSTRAINT f FOREIGN KEY (y, x) REFERENCES away.p (a, b) ON DELETE SET NULL ON "
      "UPDATE CASCADE "
      "DEFERRABLE, CONSTRAINT s CHECK (state IN ('on', 'off')), CONSTRAINT positive CHECK (y > 0 AND y < 9));"
      "ALTER TABLE c ADD CONSTRAINT g FOREIGN KEY (x, y) REFERENCES away.p NOT VALID, ADD CHECK (y <> 4) NOT VALID");
  const DatabaseImage image = Read({"public"});
  EXPECT_EQ(image.FindTable({"away", "p"}), nullptr);
  const TableImage& c = Table(image, "c");
  EXPECT_EQ(c.PrimaryKey(), nullptr);
  ASSERT_EQ(c.keys.size(), 1u);
  EXPECT_THAT(c.keys[0].columns, ElementsAre("y", "x"));
  ASSERT_EQ(c.foreign_keys.size(), 2u);
  const ForeignKeyImage& f = c.foreign_keys[0];
  EXPECT_EQ(f.target, (ObjectName{"away", "p"}));
  EXPECT_THAT(f.columns, ElementsAre("y", "x"));
  EXPECT_THAT(f.references, ElementsAre("a", "b"));
  EXPECT_EQ(f.on_delete, ReferentialAction::kSetNull);
  EXPECT_EQ(f.on_update, ReferentialAction::kCascade);
  EXPECT_TRUE(f.deferrable && f.validated);
  EXPECT_THAT(c.foreign_keys[1].references, ElementsAre("b", "a"));
  EXPECT_FALSE(c.foreign_keys[1].validated);
  EXPECT_EQ(c.foreign_keys[1].on_delete, ReferentialAction::kNoAction);
  ASSERT_EQ(c.checks.size(), 4u);
  EXPECT_FALSE(c.checks[1].validated);
  EXPECT_EQ(c.checks[0].enum_column, "kind");
  EXPECT_EQ(c.checks[2].expression, "(y > 0) AND (y < 9)");
  EXPECT_EQ(c.checks[3].enum_column, "state");
  EXPECT_THAT(c.checks[3].labels, ElementsAre("on", "off"));
  const DatabaseImage all = Read();
  ASSERT_EQ(Table(all, "p", "away").keys.size(), 2u);
  EXPECT_THAT(Table(all, "p", "away").PrimaryKey()->columns, ElementsAre("b", "a"));
  EXPECT_TRUE(Table(all, "p", "away").keys[1].deferrable);
}

TEST_F(ReadImageTest, TellsPlainIndexesFromOthers) {
  Sql("CREATE TABLE t (id int PRIMARY KEY, a int, b text, c text COLLATE \"C\"); CREATE INDEX plain ON t (a, b); "
      "CREATE UNIQUE INDEX partial ON t (a) WHERE b IS NOT NULL; CREATE INDEX descending ON t (a DESC); "
      "CREATE INDEX hashed ON t USING hash (a); CREATE INDEX expression ON t (lower(b)); CREATE INDEX mixed ON t (a, "
      "(a + 1));"
      "CREATE INDEX including ON t (a) INCLUDE (b); CREATE INDEX patterns ON t (b text_pattern_ops); "
      "CREATE INDEX collated ON t (b COLLATE \"C\"); CREATE INDEX own_collation ON t (c)");
  const DatabaseImage image = Read();
  std::vector<std::string> plain;
  for (const IndexImage& index : Table(image, "t").indexes) {
    EXPECT_TRUE(index.valid);
    if (index.plain) plain.push_back(index.name);
    if (index.name == "partial") {
      EXPECT_TRUE(index.unique);
      EXPECT_EQ(index.predicate, "b IS NOT NULL");
    }
    if (index.name == "plain") {
      EXPECT_THAT(index.columns, ElementsAre("a", "b"));
      EXPECT_EQ(index.definition, "CREATE INDEX plain ON public.t USING btree (a, b)");
    }
    if (index.name == "mixed") {
      EXPECT_THAT(index.columns, IsEmpty());
    }
  }
  EXPECT_THAT(plain, ElementsAre("own_collation", "partial", "plain"));
  EXPECT_EQ(Table(image, "t").indexes.size(), 10u);
}

TEST_F(ReadImageTest, FindsInvalidIndexes) {
  Sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)");
  {
    pqxx::nontransaction outside(*connection_);
    EXPECT_THROW(outside.exec("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)"), pqxx::sql_error);
  }
  const DatabaseImage image = Read();
  ASSERT_EQ(Table(image, "t").indexes.size(), 1u);
  EXPECT_FALSE(Table(image, "t").indexes[0].valid);
}

TEST_F(ReadImageTest, TellsKindsOfTables) {
  Sql("CREATE TABLE target (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE target_1 PARTITION OF target FOR "
      "VALUES "
      "FROM (0) TO (10); CREATE TABLE t (id int PRIMARY KEY REFERENCES target); INSERT INTO target VALUES (1); "
      "CREATE VIEW v AS SELECT id FROM t; CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE UNIQUE INDEX m_id ON "
      "m (id); "
      "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (id int NOT NULL) "
      "SERVER s;"
      "CREATE TABLE held (id int PRIMARY KEY REFERENCES target) PARTITION BY LIST (id); "
      "CREATE TABLE held_1 PARTITION OF held FOR VALUES IN (1); COMMENT ON TABLE t IS 'A table'; "
      "COMMENT ON COLUMN v.id IS 'An id'");
  const DatabaseImage image = Read();
  EXPECT_EQ(Table(image, "target").kind, TableKind::kPartitioned);
  EXPECT_EQ(Table(image, "target_1").kind, TableKind::kPartition);
  EXPECT_EQ(Table(image, "t").kind, TableKind::kTable);
  EXPECT_EQ(Table(image, "v").kind, TableKind::kView);
  EXPECT_EQ(Table(image, "m").kind, TableKind::kMaterializedView);
  EXPECT_EQ(Table(image, "f").kind, TableKind::kForeignTable);
  EXPECT_EQ(Table(image, "t").foreign_keys.size(), 1u);
  EXPECT_EQ(Table(image, "held").foreign_keys.size(), 1u);
  EXPECT_EQ(Table(image, "held_1").foreign_keys.size(), 1u);
  EXPECT_EQ(Table(image, "held_1").foreign_keys[0].target.name, "target");
  EXPECT_EQ(Table(image, "m").indexes.size(), 1u);
  EXPECT_GT(Table(image, "target").bytes, 0);
  EXPECT_EQ(Table(image, "held").bytes, 0);
  EXPECT_EQ(Table(image, "t").bytes, 0);
  EXPECT_EQ(Table(image, "v").bytes, 0);
  EXPECT_EQ(Table(image, "t").comment, "A table");
  EXPECT_EQ(Column(Table(image, "v"), "id").comment, "An id");
}

TEST_F(ReadImageTest, ListsWhatNoImageHolds) {
  Sql("CREATE TABLE b (room int, during tsrange, at timestamptz(3), name text COLLATE "
      "\"C\", n numeric(2,4), CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));"
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
      "CREATE TRIGGER touch BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f(); "
      "CREATE RULE quiet AS ON DELETE TO b DO INSTEAD NOTHING; ALTER TABLE b ENABLE ROW LEVEL SECURITY; "
      "CREATE TABLE child () INHERITS (b); CREATE UNLOGGED TABLE u (a int UNIQUE NULLS NOT DISTINCT); "
      "CREATE TABLE i (a int, b int, CONSTRAINT k UNIQUE (a) INCLUDE (b))");
  EXPECT_THAT(Unheld(),
              UnorderedElementsAre(
                  Pair("public.b", "row-level security"), Pair("public.b.no_overlap", "an exclusion constraint"),
                  Pair("public.b.at", "the precision of timestamp(3) with time zone"),
                  Pair("public.b.name", "the collation C"), Pair("public.b.n", "the precision of numeric(2,4)"),
                  Pair("public.b.quiet", "a rule"), Pair("public.b.touch", "a trigger"),
                  Pair("public.child", "inheritance from public.b"), Pair("public.u", "an unlogged table"),
                  Pair("public.child.at", "the precision of timestamp(3) with time zone"),
                  Pair("public.child.n", "the precision of numeric(2,4)"), Pair("public.child.name", "the collation C"),
                  Pair("public.u.u_a_key", "NULLS NOT DISTINCT of a unique key"),
                  Pair("public.i.k", "columns that a key includes")));
}

TEST_F(ReadImageTest, KeepsHostileNamesWhole) {
  const std::string longest(63, 'n');
  Sql(
      absl::StrCat("CREATE SCHEMA \"Sch.e\"\"ma'\"; CREATE TABLE \"Sch.e\"\"ma'\".\"Größe, \\ {x}\" (\"ünïcode 💥\" "
                   "int, \"a\"\"b'c\" "
                   "text, CONSTRAINT \"key, \"\"1\" PRIMARY KEY (\"ünïcode 💥\", \"a\"\"b'c\")); CREATE TABLE \"",
                   longest, "\" (\"", longest, "\" int UNIQUE REFERENCES \"", longest, "\" (\"", longest,
                   "\"), \"a\"\"b'c\" text CHECK "
                   "(\"a\"\"b'c\" IN ('x''y', 'b\\')))"));
  const DatabaseImage image = Read();
  const TableImage& table = Table(image, "Größe, \\ {x}", "Sch.e\"ma'");
  EXPECT_EQ(table.PrimaryKey()->name, "key, \"1");
  EXPECT_THAT(table.PrimaryKey()->columns, ElementsAre("ünïcode 💥", "a\"b'c"));
  const TableImage& other = Table(image, longest);
  EXPECT_THAT(other.foreign_keys.at(0).columns, ElementsAre(longest));
  EXPECT_EQ(other.foreign_keys[0].target.name, longest);
  EXPECT_EQ(other.checks.at(0).enum_column, "a\"b'c");
  EXPECT_THAT(other.checks[0].labels, ElementsAre("x'y", "b\\"));
}

TEST_F(ReadImageTest, LeavesReservedSchemasOut) {
  Sql("CREATE SCHEMA rowan; CREATE TABLE rowan.t (a int); CREATE SCHEMA away");
  EXPECT_THAT(Read().schemas, ElementsAre("away", "public"));
  EXPECT_THAT(Read({"away", "missing"}).schemas, ElementsAre("away"));
  EXPECT_THAT(Read({"missing"}).tables, IsEmpty());
}

TEST_F(ReadImageTest, KnowsTablesOfExtensions) {
  Sql("CREATE TABLE t (a int); ALTER EXTENSION plpgsql ADD TABLE t; CREATE TABLE mine (a int)");
  const DatabaseImage image = Read();
  EXPECT_EQ(Table(image, "t").extension, "plpgsql");
  EXPECT_EQ(Table(image, "mine").extension, "");
}

}  // namespace
}  // namespace rowan::store
