// How texts lie on a terminal. Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stetig::client {

/// Columns that a text takes: two for each wide code point (Unicode Standard Annex 11: W and F),
/// none for combining marks and format characters, one for all others. Malformed bytes count one
/// each.
size_t DisplayWidth(std::string_view text);

/// The text if it fits into `most` columns (at least 1), else its begin and "…".
std::string Shortened(std::string_view text, size_t most);

/// One line that a terminal takes no orders from: control characters (C0, DEL, C1), line separators
/// and characters that turn the direction of writing become blanks.
std::string OneLine(std::string_view text);

/// The same, but line feeds and tabs stay.
std::string WithoutOrders(std::string_view text);

}  // namespace stetig::client
