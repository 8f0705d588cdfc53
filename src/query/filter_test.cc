// The expected values of the first tables come from MLflow 3.17's own parser (SearchUtils) run over
// the same texts.
#include "query/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fmt/format.h>

#include "query/order_by.h"

namespace stetig::query {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string_view Word(Entity entity) {
  constexpr std::string_view kWords[] = {"attribute", "metric", "parameter", "tag", "dataset"};
  return kWords[static_cast<size_t>(entity)];
}

std::string Show(const Clause& clause) {
  std::string value;
  if (const auto* integer = std::get_if<int64_t>(&clause.value))
    value = fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&clause.value)) value = fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&clause.value)) value = *text;
  if (const auto* list = std::get_if<std::vector<std::string>>(&clause.value)) {
    for (const std::string& item : *list) value += (value.empty() ? "[" : ",") + item;
    value += "]";
  }
  return fmt::format("{}|{}|{}|{}", Word(clause.field.entity), clause.field.key,
                     OperatorText(clause.op), value);
}

std::string Show(const Filter& filter) {
  if (!filter) return "";
  if (filter->kind == Node::Kind::kClause) return Show(filter->clause);
  std::string out;
  for (const Node& child : filter->children) out += (out.empty() ? "" : ";") + Show(child.clause);
  return out;
}

struct Case {
  const char* text;
  const char* expected;
};

constexpr Case kParsed[] = {
    {R"~()~", R"~()~"},
    {R"~(metrics.acc > 0.5)~", R"~(metric|acc|>|0.5)~"},
    {R"~(metrics.acc >= -1e-3)~", R"~(metric|acc|>=|-0.001)~"},
    {R"~(metric.a=1)~", R"~(metric|a|=|1)~"},
    {R"~(metrics.`a b` < .5)~", R"~(metric|a b|<|0.5)~"},
    {R"~(metrics."a/b" != 1.)~", R"~(metric|a/b|!=|1)~"},
    {R"~(params.lr = '0.1')~", R"~(parameter|lr|=|0.1)~"},
    {R"~(parameter.lr != "x")~", R"~(parameter|lr|!=|x)~"},
    {R"~(param.p LIKE '%a_')~", R"~(parameter|p|LIKE|%a_)~"},
    {R"~(params.p ilike 'B%')~", R"~(parameter|p|ILIKE|B%)~"},
    {R"~(tags.mlflow.user = 'me')~", R"~(tag|mlflow.user|=|me)~"},
    {R"~(tag.`x-y` IS NULL)~", R"~(tag|x-y|IS NULL|)~"},
    {R"~(tags.x is not null)~", R"~(tag|x|IS NOT NULL|)~"},
    {R"~(params.p IS NULL)~", R"~(parameter|p|IS NULL|)~"},
    {R"~(attributes.status = 'FINISHED')~", R"~(attribute|status|=|FINISHED)~"},
    {R"~(attr.run_id IN ('a','b'))~", R"~(attribute|run_id|IN|[a,b])~"},
    {R"~(run.run_id not in ("a", 'b',))~", R"~(attribute|run_id|NOT IN|[a,b])~"},
    {R"~(run_id in ('a'))~", R"~(attribute|run_id|IN|[a])~"},
    {R"~(status != 'FAILED' and metrics.m > 3)~", R"~(attribute|status|!=|FAILED;metric|m|>|3)~"},
    {R"~(AND metrics.m > 3)~", R"~(metric|m|>|3)~"},
    {R"~(metrics.m > 3 AND)~", R"~(metric|m|>|3)~"},
    {R"~(metrics.m > 3 metrics.n < 4)~", R"~(metric|m|>|3;metric|n|<|4)~"},
    {R"~(start_time > 5)~", R"~(attribute|start_time|>|5)~"},
    {R"~(created <= 10)~", R"~(attribute|start_time|<=|10)~"},
    {R"~(Created >= 1.5)~", R"~(attribute|start_time|>=|1.5)~"},
    {R"~(`Run name` = 'x')~", R"~(attribute|run_name|=|x)~"},
    {R"~("run name" LIKE 'q%')~", R"~(attribute|run_name|LIKE|q%)~"},
    {R"~(run_name = 'don''t')~", R"~(attribute|run_name|=|don''t)~"},
    {R"~(tags.a = "it's")~", R"~(tag|a|=|it's)~"},
    {R"~(dataset.name = 'd')~", R"~(dataset|name|=|d)~"},
    {R"~(datasets.digest IN ('x', 'y'))~", R"~(dataset|digest|IN|[x,y])~"},
    {R"~(dataset.context LIKE 'tr%')~", R"~(dataset|context|LIKE|tr%)~"},
    {R"~(end_time = 0)~", R"~(attribute|end_time|=|0)~"},
    {R"~(user_id = '')~", R"~(attribute|user_id|=|)~"},
    {R"~(artifact_uri ILIKE '%S3%')~", R"~(attribute|artifact_uri|ILIKE|%S3%)~"},
    {R"~(metrics.é = 1)~", R"~(metric|é|=|1)~"},
    {R"~(`metrics`.x = 1)~", R"~(metric|x|=|1)~"},
    {R"~(`params`.`y z` = 'v')~", R"~(parameter|y z|=|v)~"},
};

TEST(FilterTest, ReadsWhatMlflowReads) {
  for (const Case& c : kParsed) {
    const Result<Filter> filter = ParseFilter(c.text, Subject::kRuns);
    ASSERT_TRUE(filter) << c.text << ": " << filter.error().message();
    EXPECT_EQ(Show(*filter), c.expected) << c.text;
  }
}

constexpr Case kRefused[] = {
    {" \n", "Invalid filter ' \n'. Could not be parsed."},
    {R"~(metrics.a > NaN)~", R"~(Expected numeric value type for metric. Found NaN)~"},
    {R"~(metrics.a > 'x')~", R"~(Expected numeric value type for metric. Found 'x')~"},
    {R"~(metrics.a = "x")~", R"~(Expected numeric value type for metric. Found "x")~"},
    {R"~(params.a > '1')~", R"~(Invalid comparator '>' not one of)~"},
    {R"~(params.a = 5)~",
     R"~(Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5)~"},
    {R"~(tags.a = b)~",
     R"~(Parameter value is either not quoted or unidentified quote types used for string value b. Use either single or double quotes.)~"},
    {R"~(tags.a = `b`)~",
     R"~(Parameter value is either not quoted or unidentified quote types used for string value `b`. Use either single or double quotes.)~"},
    {R"~(metrics.a == 1)~", R"~(Invalid comparator '==' not one of)~"},
    {R"~(metrics.a <> 1)~", R"~(Invalid comparator '<>' not one of)~"},
    {R"~(status > 'a')~", R"~(Invalid comparator '>' not one of)~"},
    {R"~(status in ('a'))~",
     R"~(Only ['run_id'] attributes support comparison with a list of quoted string values.)~"},
    {R"~(start_time = 'x')~",
     R"~(Expected numeric value type for numeric attribute: start_time. Found 'x')~"},
    {R"~(start_time LIKE '5')~",
     R"~(Expected numeric value type for numeric attribute: start_time. Found '5')~"},
    {R"~(foo.a = 1)~",
     R"~(Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset'])~"},
    {R"~(foo = 'x')~", R"~(Invalid attribute key 'foo' specified. Valid keys are)~"},
    {R"~(Metrics.a = 1)~",
     R"~(Invalid entity type 'Metrics'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset'])~"},
    {R"~(dataset.foo = 'x')~", R"~(Invalid dataset key 'foo' specified. Valid keys are)~"},
    {R"~(dataset.name > 'x')~", R"~(Invalid comparator '>' not one of)~"},
    {R"~(dataset.name = 5)~",
     R"~(Expected a quoted string value for dataset attributes. Got value 5)~"},
    {R"~(metrics.a IS NULL)~",
     R"~(IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'a')~"},
    {R"~(status IS NULL)~",
     R"~(IS NULL / IS NOT NULL is only supported for tags and params, not for 'attribute' 'status')~"},
    {R"~(run_id IN ())~",
     R"~(While parsing a list in the query, expected a non-empty list of string values, but got empty list)~"},
    {R"~(run_id IN (1, 2))~",
     R"~(While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: (1, 2))~"},
    {R"~(run_id IN ('a', 2))~",
     R"~(While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ('a', 2))~"},
    {R"~(params.a IN ('x'))~",
     R"~(Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('x'))~"},
    {R"~(metrics.a > 1;)~", R"~(Invalid clause(s) in filter string: ';')~"},
    {R"~(metrics.a)~", R"~(Invalid clause(s) in filter string: 'metrics.a')~"},
    {R"~(metrics.a >)~", R"~(Invalid clause(s) in filter string: 'metrics.a', '>')~"},
    {R"~(> 1)~", R"~(Invalid clause(s) in filter string: '>', '1')~"},
    {R"~(1 > metrics.a)~", R"~(Invalid comparison clause. Expected 'Identifier' found '1')~"},
    {R"~(metrics.a > 1 -- c)~", R"~(Invalid clause(s) in filter string: '-- c')~"},
    {R"~(status = 'a' 'b')~", R"~(Invalid clause(s) in filter string: ''b'')~"},
    {R"~('a' = status)~", R"~(Invalid comparison clause. Expected 'Identifier' found ''a'')~"},
    {R"~(metrics.a !> 1)~", R"~(Invalid comparator '!>' not one of)~"},
    {R"~(metrics.a LIKE 'x')~", R"~(Expected numeric value type for metric. Found 'x')~"},
    {R"~(start_time IN (1))~",
     R"~(Expected numeric value type for numeric attribute: start_time. Found (1))~"},
};

TEST(FilterTest, RefusesWhatMlflowRefusesInItsWords) {
  for (const Case& c : kRefused) {
    const Result<Filter> filter = ParseFilter(c.text, Subject::kRuns);
    ASSERT_FALSE(filter) << c.text;
    EXPECT_EQ(filter.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(std::string(filter.error().message()), StartsWith(c.expected)) << c.text;
  }
}

constexpr Case kOrdered[] = {
    {R"~(metrics.a)~", R"~(metric|a|ASC)~"},
    {R"~(metrics.a DESC)~", R"~(metric|a|DESC)~"},
    {R"~(metrics.a asc)~", R"~(metric|a|ASC)~"},
    {R"~(`metrics`.a)~", R"~(metric|a|ASC)~"},
    {R"~(metrics.`a b` DESC)~", R"~(metric|a b|DESC)~"},
    {R"~(params."x y" desc)~", R"~(parameter|x y|DESC)~"},
    {R"~(start_time)~", R"~(attribute|start_time|ASC)~"},
    {R"~(created DESC)~", R"~(attribute|start_time|DESC)~"},
    {R"~(Created)~", R"~(attribute|start_time|ASC)~"},
    {R"~(end_time ASC)~", R"~(attribute|end_time|ASC)~"},
    {R"~(tags.mlflow.user)~", R"~(tag|mlflow.user|ASC)~"},
    {R"~(run_id)~", R"~(attribute|run_id|ASC)~"},
    {R"~(artifact_uri)~", R"~(attribute|artifact_uri|ASC)~"},
    {R"~(user_id)~", R"~(attribute|user_id|ASC)~"},
};

TEST(OrderByTest, ReadsWhatMlflowReads) {
  for (const Case& c : kOrdered) {
    const std::string text = c.text;
    const auto orders = ParseOrderBy(std::span(&text, 1), Subject::kRuns);
    ASSERT_TRUE(orders) << c.text << ": " << orders.error().message();
    const Order& order = orders->front();
    EXPECT_EQ(fmt::format("{}|{}|{}", Word(order.field.entity), order.field.key,
                          order.ascending ? "ASC" : "DESC"),
              c.expected);
  }
}

constexpr Case kNotOrdered[] = {
    {R"~(run name)~", R"~(Invalid ordering key in order_by clause 'run name'.)~"},
    {R"~(`Run name`)~", R"~(Invalid attribute key 'Run name' specified. Valid keys are)~"},
    {R"~(status foo)~", R"~(Invalid ordering key in order_by clause 'status foo'.)~"},
    {R"~(metrics.a DESC x)~",
     R"~(Invalid order_by clause 'metrics.a DESC x'. Could not be parsed.)~"},
    {R"~()~", R"~(Invalid order_by clause ''. Could not be parsed.)~"},
    {R"~(  )~", R"~(Invalid order_by clause '  '. Could not be parsed.)~"},
    {R"~(foo.a)~",
     R"~(Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset'])~"},
    {R"~(foo)~", R"~(Invalid attribute key 'foo' specified. Valid keys are)~"},
    {R"~(metrics.a, metrics.b)~",
     R"~(Invalid order_by clause 'metrics.a, metrics.b'. Could not be parsed.)~"},
    {R"~(metrics.a/b)~", R"~(Invalid order_by clause 'metrics.a/b'. Could not be parsed.)~"},
    {R"~(metrics.a;)~", R"~(Invalid order_by clause 'metrics.a;'. Could not be parsed.)~"},
    {R"~(lifecycle_stage)~",
     R"~(Invalid attribute key 'lifecycle_stage' specified. Valid keys are)~"},
    {R"~(1)~", R"~(Invalid order_by clause '1'. Could not be parsed.)~"},
};

TEST(OrderByTest, RefusesWhatMlflowRefusesInItsWords) {
  for (const Case& c : kNotOrdered) {
    const std::string text = c.text;
    const auto orders = ParseOrderBy(std::span(&text, 1), Subject::kRuns);
    ASSERT_FALSE(orders) << c.text;
    EXPECT_THAT(std::string(orders.error().message()), StartsWith(c.expected)) << c.text;
  }
}

TEST(OrderByTest, RefusesAFieldTwiceAlsoUnderItsAlias) {
  const std::vector<std::string> twice = {"created ASC", "start_time DESC"};
  const auto orders = ParseOrderBy(twice, Subject::kRuns);
  ASSERT_FALSE(orders);
  EXPECT_EQ(orders.error().message(),
            "`order_by` contains duplicate fields: ['created ASC', 'start_time DESC']");
}

TEST(OrderByTest, KeepsTheRulesOfTheOtherSearches) {
  const auto order = [](std::vector<std::string> texts, Subject subject) {
    const auto orders = ParseOrderBy(texts, subject);
    std::string out;
    if (!orders) return std::string(orders.error().message());
    for (const Order& one : *orders)
      out += fmt::format("{} {};", one.field.key, one.ascending ? "ASC" : "DESC");
    return out;
  };
  EXPECT_EQ(order({"name", "`name` DESC"}, Subject::kExperiments), "name ASC;");
  EXPECT_EQ(order({"timestamp DESC", "`name` ASC"}, Subject::kRegisteredModels),
            "last_updated_timestamp DESC;name ASC;");
  for (const char* key : {"creation_timestamp", "tags.team", "attribute.name", "`name`"}) {
    EXPECT_THAT(
        order({key}, Subject::kRegisteredModels),
        StartsWith(fmt::format("Invalid order by key '{}' specified. Valid keys are '", key)));
  }
  EXPECT_EQ(order({"attribute.version_number DESC", "tags.name"}, Subject::kModelVersions),
            "version_number DESC;name ASC;");
  EXPECT_THAT(order({"tags.q"}, Subject::kModelVersions),
              StartsWith("Invalid order by key 'q' specified. Valid keys are "));
}

TEST(OrderByTest, OrdersLoggedModelsByTheWholeKeyBehindTheDot) {
  EXPECT_EQ(*ParseOrderField("metrics.val-loss / a.b"),
            (Field{.entity = Entity::kMetric, .key = "val-loss / a.b"}));
  EXPECT_EQ(*ParseOrderField("creation_time"), (Field{.key = "creation_timestamp"}));
  EXPECT_EQ(ParseOrderField("params.lr").error().message(),
            "Invalid order by field name: params.lr. Only metrics are supported.");
  EXPECT_EQ(ParseOrderField("`name`").error().message(), "Invalid order by field name: `name`");
}

TEST(FilterTest, AcceptsOrNotAndParenthesesWithTheUsualPrecedence) {
  const auto filter =
      ParseFilter("not metrics.a > 1 and (params.b = 'x' or tags.c = 'y') or status = 'FINISHED'",
                  Subject::kRuns);
  ASSERT_TRUE(filter) << filter.error().message();
  ASSERT_EQ((*filter)->kind, Node::Kind::kOr);
  ASSERT_EQ((*filter)->children.size(), 2U);
  const Node& both = (*filter)->children[0];
  ASSERT_EQ(both.kind, Node::Kind::kAnd);
  EXPECT_EQ(both.children[0].kind, Node::Kind::kNot);
  EXPECT_EQ(both.children[1].kind, Node::Kind::kOr);
  EXPECT_EQ(Show((*filter)->children[1].clause), "attribute|status|=|FINISHED");
}

TEST(FilterTest, RefusesWhatIsOutsideTheLanguageAlsoInsideParentheses) {
  for (const char* text : {"()",
                           "(metrics.a > 1",
                           "metrics.a > 1)",
                           "NOT",
                           "metrics.a > 1 OR",
                           "OR metrics.a > 1",
                           "run_id = ('a','b')",
                           "run_id IN 'a'",
                           "metrics.a > 1, metrics.b > 2",
                           "metrics.a > 1 foo",
                           "metrics.a-b > 1",
                           "metrics.a > 0x1F",
                           "metrics.a > 1 /* c */",
                           "# c",
                           "tags.a = 'open",
                           "tags.`a = 'x'",
                           "run_id IN ('a' 'b')",
                           "run_id IN ('a'",
                           "metrics.a > --1",
                           "metrics. > 1"}) {
    const auto filter = ParseFilter(text, Subject::kRuns);
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error().code(), Code::kInvalidArgument) << text;
  }
}

TEST(FilterTest, NamesItsLimits) {
  const std::string deep(1'000'000, '(');
  EXPECT_THAT(std::string(ParseFilter(deep, Subject::kRuns).error().message()),
              HasSubstr("at most 65536"));
  EXPECT_THAT(std::string(ParseFilter(std::string(1000, '('), Subject::kRuns).error().message()),
              HasSubstr("deeper than 32"));
  std::string nots;
  for (int i = 0; i < 100; ++i) nots += "NOT ";
  EXPECT_THAT(std::string(ParseFilter(nots + "metrics.a > 1", Subject::kRuns).error().message()),
              HasSubstr("deeper than 32"));
  std::string many = "metrics.a > 1";
  for (int i = 0; i < 300; ++i) many += " AND metrics.a > 1";
  EXPECT_THAT(std::string(ParseFilter(many, Subject::kRuns).error().message()),
              HasSubstr("more than 256"));
}

TEST(FilterTest, KeepsTheRulesOfTheOtherSearches) {
  const Case accepted[] = {{"name LIKE 'a%'", "attribute|name|LIKE|a%"},
                           {"tags.k IS NULL", "tag|k|IS NULL|"},
                           {"creation_time > 5", "attribute|creation_time|>|5"},
                           {"experiment_id IN ('1')", "attribute|experiment_id|IN|[1]"}};
  for (const Case& c : accepted) {
    const auto filter = ParseFilter(c.text, Subject::kExperiments);
    ASSERT_TRUE(filter) << c.text << ": " << filter.error().message();
    EXPECT_EQ(Show(*filter), c.expected);
  }
  struct Refused {
    Subject subject;
    const char* text;
    const char* expected;
  };
  const Refused refused[] = {
      {Subject::kExperiments, "creation_time > 1.5",
       "Invalid value for numeric attribute 'creation_time': '1.5'"},
      {Subject::kExperiments, "experiment_id < '5'", "Invalid comparator for experiment_id: <"},
      {Subject::kExperiments, "name > 'a'",
       "Invalid comparator '>' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'"},
      {Subject::kExperiments, "creation_time LIKE 5",
       "Invalid comparator 'LIKE' not one of '{'!=', '=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}"},
      {Subject::kExperiments, "metrics.a > 1",
       "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')"},
      {Subject::kExperiments, "name IS NULL",
       "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'"},
      {Subject::kExperiments, "name IN ('a')",
       "Only ['experiment_id'] attributes support comparison with a list of quoted string values."},
      {Subject::kRegisteredModels, "name > 'a'", "Invalid comparator for attribute: >"},
      {Subject::kRegisteredModels, "tags.a IS NULL", "Invalid comparator for tag: IS NULL"},
      {Subject::kRegisteredModels, "name = 5",
       "Expected a quoted string value or a list of quoted string values for attributes. Got value "
       "5"},
      {Subject::kModelVersions, "version_number > 1.5",
       "Invalid value for numeric attribute 'version_number': 1.5"},
      {Subject::kModelVersions, "version_number LIKE 5",
       "Invalid comparator for attribute version_number: LIKE"},
      {Subject::kModelVersions, "version_number LIKE '5'",
       "Invalid comparator for attribute version_number: LIKE"},
      {Subject::kModelVersions, "version_number > 'x'",
       "Invalid value for numeric attribute 'version_number': 'x'"},
      {Subject::kModelVersions, "version_number IN ('5')",
       "Only ['name', 'run_id'] attributes support comparison with a list of quoted string "
       "values."},
      {Subject::kLoggedModels, "last_updated_timestamp LIKE 5",
       "Invalid comparison operator for attributes.last_updated_timestamp_ms: 'LIKE'. Expected one "
       "of ('<', '<=', '>', '>=', '=', '!=')."},
      {Subject::kModelVersions, "source_path IN ('a')",
       "Only ['name', 'run_id'] attributes support comparison with a list of quoted string "
       "values."},
      {Subject::kLoggedModels, "x.a > 1",
       "Invalid entity type: 'x'. Expected one of ['attributes', 'metrics', 'params', 'tags']."},
      {Subject::kLoggedModels, "metrics.x LIKE 'a'",
       "Invalid comparison operator for metrics.x: 'LIKE'. Expected one of ('<', '<=', '>', '>=', "
       "'=', '!=')."},
      {Subject::kLoggedModels, "name > 'a'",
       "Invalid comparison operator for attributes.name: '>'. Expected one of ('=', '!=', 'LIKE', "
       "'ILIKE', 'IN', 'NOT IN')."},
  };
  for (const char* text :
       {"version_number = '2'", "version_number = ' 2 '", "version_number = 2"}) {
    const auto filter = ParseFilter(text, Subject::kModelVersions);
    ASSERT_TRUE(filter) << text << ": " << filter.error().message();
    EXPECT_EQ(Show(*filter), "attribute|version_number|=|2") << text;
  }
  for (const Refused& c : refused) {
    const auto filter = ParseFilter(c.text, c.subject);
    ASSERT_FALSE(filter) << c.text;
    EXPECT_EQ(std::string(filter.error().message()), c.expected) << c.text;
  }
}

rc::Gen<std::string> TextWithOneKindOfQuote() {
  return rc::gen::suchThat(rc::gen::string<std::string>(), [](const std::string& text) {
    return (text.find('\'') == std::string::npos || text.find('"') == std::string::npos) &&
           text.find('\\') == std::string::npos;
  });
}

Node RandomClause() {
  Node node;
  const int which = *rc::gen::inRange(0, 5);
  const std::string key = *rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abz._- :/9"))));
  if (which == 0) {
    node.clause = {.field = {Entity::kMetric, key},
                   .op = *rc::gen::element(Operator::kLess, Operator::kNotEqual),
                   .value = *rc::gen::arbitrary<double>()};
  } else if (which == 1) {
    node.clause = {.field = {Entity::kAttribute, "start_time"},
                   .op = Operator::kGreaterEqual,
                   .value = *rc::gen::arbitrary<int64_t>()};
  } else if (which == 2) {
    node.clause = {.field = {Entity::kParam, key},
                   .op = *rc::gen::element(Operator::kLike, Operator::kEqual),
                   .value = *TextWithOneKindOfQuote()};
  } else if (which == 3) {
    node.clause = {.field = {Entity::kTag, key},
                   .op = *rc::gen::element(Operator::kIsNull, Operator::kIsNotNull),
                   .value = {}};
  } else {
    node.clause = {.field = {Entity::kAttribute, "run_id"},
                   .op = *rc::gen::element(Operator::kIn, Operator::kNotIn),
                   .value = *rc::gen::nonEmpty(
                       rc::gen::container<std::vector<std::string>>(TextWithOneKindOfQuote()))};
  }
  return node;
}

Node RandomNode(int depth) {
  const int which = depth == 0 ? 3 : *rc::gen::inRange(0, 5);
  if (which >= 3) return RandomClause();
  Node node{.kind = which == 0   ? Node::Kind::kAnd
                    : which == 1 ? Node::Kind::kOr
                                 : Node::Kind::kNot};
  const int children = node.kind == Node::Kind::kNot ? 1 : *rc::gen::inRange(2, 4);
  for (int i = 0; i < children; ++i) node.children.push_back(RandomNode(depth - 1));
  return node;
}

TEST(FilterTest, WhatIsPrintedIsReadBack) {
  EXPECT_TRUE(rc::check([] {
    const Node node = RandomNode(3);
    const std::string text = Print(node);
    const auto filter = ParseFilter(text, Subject::kRuns);
    if (!filter) RC_FAIL(text + ": " + std::string(filter.error().message()));
    RC_ASSERT(filter->has_value());
    RC_ASSERT(**filter == node);
  }));
}

TEST(FilterTest, IntegersBeyondInt64ArePrintedAsIntegers) {
  for (const std::string text : {"version_number > 32107210779013457901345",
                                 "version_number != -9223372036854775809", "version_number < 7"}) {
    const auto filter = ParseFilter(text, Subject::kModelVersions);
    ASSERT_TRUE(filter && filter->has_value()) << text;
    const auto again = ParseFilter(Print(**filter), Subject::kModelVersions);
    ASSERT_TRUE(again) << Print(**filter) << ": " << again.error().message();
    EXPECT_EQ(*again, *filter) << Print(**filter);
  }
}

TEST(FilterTest, AnyTextGivesAFilterOrAnError) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ametrics.()'\"`=<>!,1-e ANDORNOTINISNULL\\")));
    for (const Subject subject :
         {Subject::kRuns, Subject::kExperiments, Subject::kModelVersions, Subject::kLoggedModels}) {
      const auto filter = ParseFilter(text, subject);
      if (!filter) RC_ASSERT(!filter.error().message().empty());
    }
  }));
}

}  // namespace
}  // namespace stetig::query
