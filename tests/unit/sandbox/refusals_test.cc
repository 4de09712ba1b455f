#include "sandbox/launcher/refusals.h"

#include <gtest/gtest.h>

using namespace assay::sandbox;

namespace {

assay::sandbox::wire::RefusedCall call(std::int32_t number, std::int32_t error = 1, std::uint64_t argument = 0) {
    return {0xc000003e, number, error, argument != 0, argument, 1};
}

Refusal refusal(std::int32_t number) { return {0, 0, call(number)}; }

}  // namespace

TEST(RefusedCalls, AreCountedByNumberAndAnswer) {
    RefusedCalls calls;
    EXPECT_TRUE(calls.count(call(41, 97)));
    EXPECT_FALSE(calls.count(call(41, 97)));
    EXPECT_TRUE(calls.count(call(41, 38))) << "the same call, refused for another reason";
    EXPECT_TRUE(calls.count(call(41, 38, 17))) << "likewise, with another argument";
    ASSERT_EQ(calls.counts().size(), 3u);
    EXPECT_EQ(calls.counts()[0].count, 2u);
}

TEST(RefusedCalls, KeepABoundedNumberOfKinds) {
    RefusedCalls calls;
    int first = 0;
    for (int number = 0; number < 100'000; ++number) first += calls.count(call(number)) ? 1 : 0;
    EXPECT_EQ(first, static_cast<int>(RefusedCalls::kKinds) + 1);
    ASSERT_EQ(calls.counts().size(), RefusedCalls::kKinds + 1);
    EXPECT_EQ(calls.counts().back().number, -1);
    EXPECT_EQ(calls.counts().back().count, 100'000 - RefusedCalls::kKinds);
}

TEST(RefusedCalls, ManyAreAnsweredLateAndNoneIsForgotten) {
    RefusedCalls calls;
    const RefusedCalls::Time start{};
    for (unsigned i = 0; i < RefusedCalls::kAtOnce; ++i) ASSERT_TRUE(calls.pace(refusal(1), start));
    EXPECT_EQ(calls.next_answers(), RefusedCalls::Time::max());
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(calls.pace(refusal(i), start));
    EXPECT_EQ(calls.next_answers(), start + RefusedCalls::kTick);
    EXPECT_TRUE(calls.due(start).empty());
    EXPECT_EQ(calls.due(start + RefusedCalls::kTick).size(), RefusedCalls::kPerTick);
    auto rest = calls.due(start + 2 * RefusedCalls::kTick);
    ASSERT_EQ(rest.size(), 50 - RefusedCalls::kPerTick);
    EXPECT_EQ(rest.back().call.number, 49) << "in their order";
    EXPECT_EQ(calls.next_answers(), RefusedCalls::Time::max());
}
