// How code that waits is written here: C++20 coroutines, resumed on whatever executor they were spawned on.
//
// The harness spawns them on a TBB-backed executor (harness/schedule), so every step between two waits is a
// TBB task; a test may spawn them on a plain io_context. docs/decisions/waiting.md has the measurement.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace assay::runtime {

template <typename T>
using Task = boost::asio::awaitable<T>;

inline constexpr auto use_task = boost::asio::use_awaitable;

}  // namespace assay::runtime
