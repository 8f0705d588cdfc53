#include "query/filter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "base/check.h"
#include "query/internal/lexer.h"
#include "query/internal/rules.h"
#include "query/names.h"

namespace stetig::query {
namespace {

using internal::IsWord;
using internal::RightSide;
using internal::Token;

Failure Refuse(std::string message) { return Err(Code::kInvalidArgument, std::move(message)); }

class Parser {
 public:
  Parser(std::string_view text, std::span<const Token> tokens, Subject subject)
      : text_(text), tokens_(tokens), subject_(subject) {}

  Result<Filter> Parse() {
    if (Peek().kind == Token::Kind::kEnd) return Filter();
    ASSIGN_OR_RETURN(Node root, ParseOr(0));
    if (Peek().kind != Token::Kind::kEnd) return BadClause(at_, at_ + 1);
    return Filter(std::move(root));
  }

 private:
  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool Accept(std::string_view word) {
    if (!IsWord(Peek(), word)) return false;
    ++at_;
    return true;
  }

  // MLflow's refusal of what is no comparison: the tokens of [from, to).
  Failure BadClause(size_t from, size_t to) const {
    const bool quoted = subject_ == Subject::kRuns;
    std::string clauses;
    for (size_t i = from; i < std::min(to, tokens_.size()); ++i) {
      if (tokens_[i].kind == Token::Kind::kEnd) break;
      if (!clauses.empty()) clauses += ", ";
      clauses += quoted ? fmt::format("'{}'", tokens_[i].text) : std::string(tokens_[i].text);
    }
    if (clauses.empty()) clauses = "expected a comparison at the end";
    if (subject_ == Subject::kLoggedModels) {
      return Refuse(
          fmt::format("Invalid filter string: {}. Expected a list of comparisons separated by "
                      "'AND' (e.g. 'metrics.loss > 0.1 AND "
                      "params.lr = 0.01').",
                      PythonRepr(text_)));
    }
    return Refuse(fmt::format("Invalid clause(s) in filter string: {}", clauses));
  }

  Result<Node> ParseOr(size_t depth) {
    if (depth > kMaxDepth)
      return Refuse(fmt::format("filter is nested deeper than {} levels", kMaxDepth));
    ASSIGN_OR_RETURN(Node first, ParseAnd(depth));
    if (!IsWord(Peek(), "OR")) return first;
    Node node{.kind = Node::Kind::kOr};
    node.children.push_back(std::move(first));
    while (Accept("OR")) {
      ASSIGN_OR_RETURN(Node next, ParseAnd(depth));
      node.children.push_back(std::move(next));
    }
    return node;
  }

  bool AtEndOfAnd() const {
    return Peek().kind == Token::Kind::kEnd || Peek().kind == Token::Kind::kClose ||
           IsWord(Peek(), "OR");
  }

  Result<Node> ParseAnd(size_t depth) {
    Node node{.kind = Node::Kind::kAnd};
    const size_t start = at_;
    while (true) {
      while (Accept("AND")) {
      }
      if (AtEndOfAnd()) break;
      ASSIGN_OR_RETURN(Node next, ParseNot(depth));
      node.children.push_back(std::move(next));
    }
    if (node.children.empty()) return BadClause(start, at_ + 1);
    if (node.children.size() > 1) return node;
    Node only = std::move(node.children.front());
    return only;
  }

  Result<Node> ParseNot(size_t depth) {
    if (Accept("NOT")) {
      if (depth + 1 > kMaxDepth)
        return Refuse(fmt::format("filter is nested deeper than {} levels", kMaxDepth));
      ASSIGN_OR_RETURN(Node inner, ParseNot(depth + 1));
      Node node{.kind = Node::Kind::kNot};
      node.children.push_back(std::move(inner));
      return node;
    }
    if (Peek().kind != Token::Kind::kOpen) return ParseClause();
    const size_t open = at_++;
    ASSIGN_OR_RETURN(Node inner, ParseOr(depth + 1));
    if (Peek().kind != Token::Kind::kClose) return BadClause(open, at_ + 1);
    ++at_;
    return inner;
  }

  Result<Node> ParseClause() {
    if (++clauses_ > kMaxClauses)
      return Refuse(fmt::format("filter has more than {} comparisons", kMaxClauses));
    const size_t start = at_;
    const Token& left = Peek();
    const bool value_first = left.kind == Token::Kind::kNumber || left.kind == Token::Kind::kText;
    if (value_first && Peek(1).kind == Token::Kind::kOperator) {
      return Refuse(
          fmt::format("Invalid comparison clause. Expected 'Identifier' found '{}'", left.text));
    }
    if (left.kind == Token::Kind::kOperator) return BadClause(start, start + 2);
    if (left.kind != Token::Kind::kField) return BadClause(start, start + 1);
    ++at_;
    ASSIGN_OR_RETURN(std::string op, ParseOperator(start));
    Node node;
    if (op == "IS NULL" || op == "IS NOT NULL") {
      ASSIGN_OR_RETURN(node.clause.field,
                       internal::ParseField(left.text, subject_, internal::Use::kFilter));
      TRY(CheckNullTest(node.clause.field));
    } else {
      ASSIGN_OR_RETURN(RightSide right, ParseRight(start, op));
      ASSIGN_OR_RETURN(node.clause.field,
                       internal::ParseField(left.text, subject_, internal::Use::kFilter));
      if (OperatorGoesFirst(node.clause.field, right))
        TRY(internal::CheckOperator(node.clause.field, op, subject_));
      ASSIGN_OR_RETURN(node.clause.value,
                       internal::CheckOperand(node.clause.field, right, subject_));
      if (right.is_list != (op == "IN" || op == "NOT IN")) return BadClause(start, at_);
    }
    ASSIGN_OR_RETURN(node.clause.op, internal::CheckOperator(node.clause.field, op, subject_));
    return node;
  }

  // Which of two faults MLflow complains about.
  bool OperatorGoesFirst(const Field& field, const RightSide& right) const {
    return subject_ == Subject::kLoggedModels ||
           (subject_ == Subject::kModelVersions && field.entity == Entity::kAttribute &&
            IsNumericAttribute(subject_, field.key) && !right.is_list);
  }

  Status CheckNullTest(const Field& field) const {
    const bool param = field.entity == Entity::kParam;
    if (subject_ == Subject::kRecords) return {};
    if (field.entity == Entity::kTag || (param && subject_ == Subject::kRuns)) return {};
    if (subject_ == Subject::kExperiments) {
      return Refuse(fmt::format(
          "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{}'", field.key));
    }
    if (subject_ != Subject::kRuns) return {};  // no such operator at all: CheckOperator says so
    const std::string_view word = field.entity == Entity::kAttribute ? "attribute"
                                  : field.entity == Entity::kMetric  ? "metric"
                                                                     : "dataset";
    return Refuse(fmt::format(
        "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'", word,
        field.key));
  }

  // The operator behind a field, in upper case, words joined by one blank.
  Result<std::string> ParseOperator(size_t start) {
    if (Peek().kind == Token::Kind::kOperator) return std::string(tokens_[at_++].text);
    for (const std::string_view word :
         {std::string_view("LIKE"), std::string_view("ILIKE"), std::string_view("IN")}) {
      if (Accept(word)) return std::string(word);
    }
    if (IsWord(Peek(), "NOT") && IsWord(Peek(1), "IN")) {
      at_ += 2;
      return std::string("NOT IN");
    }
    if (IsWord(Peek(), "IS")) {
      if (IsWord(Peek(1), "NULL")) {
        at_ += 2;
        return std::string("IS NULL");
      }
      if (IsWord(Peek(1), "NOT") && IsWord(Peek(2), "NULL")) {
        at_ += 3;
        return std::string("IS NOT NULL");
      }
    }
    return BadClause(start, at_ + 1);
  }

  Result<RightSide> ParseRight(size_t start, std::string_view op) {
    RightSide right;
    right.token = Peek();
    switch (right.token.kind) {
      case Token::Kind::kNumber:
      case Token::Kind::kText:
      case Token::Kind::kField:
        ++at_;
        if (op == "IN" || op == "NOT IN") return BadClause(start, at_);
        return right;
      case Token::Kind::kOpen:
        return ParseList(start);
      default:
        return BadClause(start, at_ + 1);
    }
  }

  Result<RightSide> ParseList(size_t start) {
    RightSide right{.is_list = true};
    const size_t from = Peek().at;
    right.token = Peek();
    ++at_;
    while (Peek().kind != Token::Kind::kClose) {
      const Token& value = Peek();
      const bool quoted = value.kind == Token::Kind::kText ||
                          (value.kind == Token::Kind::kField && value.text.size() >= 2 &&
                           value.text.front() == '"' && value.text.back() == '"');
      if (!quoted && value.kind != Token::Kind::kNumber) return BadList(start);
      right.list_is_texts = right.list_is_texts && quoted;
      if (right.list.size() >= kMaxListValues)
        return Refuse(fmt::format("list in filter has more than {} values", kMaxListValues));
      right.list.emplace_back(quoted ? value.text.substr(1, value.text.size() - 2) : value.text);
      ++at_;
      if (Peek().kind == Token::Kind::kComma) {
        ++at_;
      } else if (Peek().kind != Token::Kind::kClose) {
        return BadList(start);
      }
    }
    const Token& close = Peek();
    right.list_text = std::string(right.token.text.data(), close.at + 1 - from);
    ++at_;
    return right;
  }

  Failure BadList(size_t start) const {
    if (Peek().kind == Token::Kind::kEnd) return BadClause(start, at_);
    return Refuse(
        "While parsing a list in the query, expected a non-empty list of string values, but got "
        "ill-formed list.");
  }

  std::string_view text_;
  std::span<const Token> tokens_;
  Subject subject_;
  size_t at_ = 0;
  size_t clauses_ = 0;
};

std::string_view EntityPrefix(Entity entity) {
  switch (entity) {
    case Entity::kAttribute:
      return "";
    case Entity::kMetric:
      return "metrics.";
    case Entity::kParam:
      return "params.";
    case Entity::kTag:
      return "tags.";
    case Entity::kDataset:
      return "dataset.";
  }
  return "";
}

std::string Quoted(std::string_view text) {
  // A text may end in a backslash, or hold one before a quote: then the other kind of quote is the
  // only safe one.
  const bool single = text.find('\'') == std::string_view::npos && !text.ends_with('\\');
  if (single) return fmt::format("'{}'", text);
  CHECK(text.find('"') == std::string_view::npos);
  return fmt::format("\"{}\"", text);
}

std::string PrintOperand(const Operand& value, Entity entity) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) {
    // Some attributes take integers only; those beyond int64 are kept as doubles.
    constexpr double kBeyondInt64 = 0x1p63;
    if (entity == Entity::kAttribute && *real == -kBeyondInt64)
      return "-9223372036854775809";  // the double's own digits would be read as an int64
    if (entity == Entity::kAttribute && std::abs(*real) >= kBeyondInt64)
      return fmt::format("{:.0f}", *real);
    std::string text = fmt::format("{}", *real);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return Quoted(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string out = "(";
    for (const std::string& item : *list) out += (out.size() > 1 ? ", " : "") + Quoted(item);
    return out + ")";
  }
  return "";
}

}  // namespace

Result<Filter> ParseFilter(std::string_view text, Subject subject) {
  if (text.size() > kMaxFilterBytes) {
    return Refuse(
        fmt::format("filter has {} bytes, at most {} are allowed", text.size(), kMaxFilterBytes));
  }
  const std::vector<Token> tokens = internal::Tokenize(text);
  if (tokens.size() == 1 && !text.empty()) {
    return subject == Subject::kLoggedModels
               ? Refuse(fmt::format("Invalid filter string: {}. Expected a single SQL expression.",
                                    PythonRepr(text)))
               : Refuse(fmt::format("Invalid filter '{}'. Could not be parsed.", text));
  }
  return Parser(text, tokens, subject).Parse();
}

std::string Print(const Node& node) {
  if (node.kind == Node::Kind::kClause) {
    const Clause& clause = node.clause;
    const std::string key =
        clause.field.entity == Entity::kAttribute || clause.field.entity == Entity::kDataset
            ? clause.field.key
            : fmt::format("`{}`", clause.field.key);
    std::string out =
        fmt::format("{}{} {}", EntityPrefix(clause.field.entity), key, OperatorText(clause.op));
    if (!std::holds_alternative<std::monostate>(clause.value))
      out += " " + PrintOperand(clause.value, clause.field.entity);
    return out;
  }
  if (node.kind == Node::Kind::kNot) return fmt::format("NOT ({})", Print(node.children.front()));
  std::string out;
  for (const Node& child : node.children) {
    if (!out.empty()) out += node.kind == Node::Kind::kAnd ? " AND " : " OR ";
    out += child.kind == Node::Kind::kClause ? Print(child) : fmt::format("({})", Print(child));
  }
  return out;
}

}  // namespace stetig::query
