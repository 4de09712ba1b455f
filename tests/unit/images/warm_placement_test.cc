// Profile and placement of a warm template, with a made-up interpreter that only allocates.
#include "images/warm/placement.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "images/warm/profile.h"

namespace warm = assay::images::warm;

namespace {

void* usual_malloc(void*, std::size_t size) { return std::malloc(size == 0 ? 1 : size); }
void* usual_calloc(void*, std::size_t count, std::size_t size) { return std::calloc(count, size == 0 ? 1 : size); }
void* usual_realloc(void*, void* block, std::size_t size) { return std::realloc(block, size == 0 ? 1 : size); }
void usual_free(void*, void* block) { std::free(block); }

const warm::Allocator kUsual = {nullptr, usual_malloc, usual_calloc, usual_realloc, usual_free};
warm::Allocator current = kUsual;

}  // namespace

extern "C" {
void PyMem_GetAllocator(int, warm::Allocator* allocator) { *allocator = current; }
void PyMem_SetAllocator(int, const warm::Allocator* allocator) { current = *allocator; }
}

namespace {

struct Block {
    char* at = nullptr;
    std::size_t size = 0;
    unsigned char fill = 0;
};

// Some 20,000 requests of many sizes, some given back, some made larger; the same for the same `strays`, which are
// requests in between that another run does not make.
std::vector<Block> interpret(unsigned strays) {
    std::mt19937 random(7), stray(strays);  // NOLINT(cert-msc51-cpp): the same every time
    std::vector<Block> blocks;
    const auto fill = [&](Block& block) {
        block.fill = static_cast<unsigned char>(random());
        std::memset(block.at, block.fill, block.size);
    };
    for (int i = 0; i < 20000; ++i) {
        if (strays != 0 && stray() % 1000 == 0)
            for (auto n = stray() % 5; n > 0; --n) (void)current.malloc(current.context, 16 + stray() % 400);
        const auto what = random() % 10;
        if (what < 2 && !blocks.empty()) {
            Block& old = blocks[random() % blocks.size()];
            old.size += random() % 300;
            old.at = static_cast<char*>(current.realloc(current.context, old.at, old.size));
            fill(old);
        } else if (what == 2 && blocks.size() > 100) {
            std::swap(blocks[random() % blocks.size()], blocks.back());
            current.free(current.context, blocks.back().at);
            blocks.pop_back();
        } else {
            Block block;
            block.size = random() % 20 == 0 ? random() % 9000 : 64 + random() % 450;
            block.at = static_cast<char*>(what == 3 ? current.calloc(current.context, 1, block.size)
                                                    : current.malloc(current.context, block.size));
            if (what == 3 && block.size > 0) {
                EXPECT_EQ(block.at[0], 0);
                EXPECT_EQ(block.at[block.size - 1], 0);
            }
            fill(block);
            blocks.push_back(block);
        }
    }
    return blocks;
}

bool intact(const Block& block) {
    for (std::size_t i = 0; i < block.size; ++i)
        if (static_cast<unsigned char>(block.at[i]) != block.fill) return false;
    return true;
}

// Those that the trial writes to; small ones.
bool is_hot(std::size_t index, const Block& block) { return index % 37 == 5 && block.size <= warm::kLargestBlock; }

std::set<std::uintptr_t> pages_of(const std::vector<Block>& blocks, bool hot) {
    std::set<std::uintptr_t> pages;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (is_hot(i, blocks[i]) != hot || blocks[i].size == 0) continue;
        const auto first = reinterpret_cast<std::uintptr_t>(blocks[i].at);
        for (auto page = first / 4096; page <= (first + blocks[i].size - 1) / 4096; ++page) pages.insert(page);
    }
    return pages;
}

class WarmPlacement : public ::testing::Test {
 protected:
    void SetUp() override {
        void* shared =
            ::mmap(nullptr, sizeof(warm::Profile), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(shared, MAP_FAILED);
        profile = static_cast<warm::Profile*>(shared);
    }
    void TearDown() override {
        current = kUsual;
        ::munmap(profile, sizeof(warm::Profile));
    }

    // In a process of its own, as a template's maker does it. The trial leaves every byte as it was.
    [[nodiscard]] bool learn() const {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(learn_here() ? 0 : 1);
        int status = -1;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    warm::Profile* profile = nullptr;

 private:
    [[nodiscard]] bool learn_here() const {
        if (!warm::begin_profile(*profile)) return false;
        const auto blocks = interpret(0);
        for (const Block& block : blocks)
            if (!intact(block)) return false;
        const pid_t trial = ::fork();
        if (trial == 0) {
            if (!warm::begin_trial()) ::_exit(1);
            for (std::size_t i = 0; i < blocks.size(); ++i) {
                volatile char* first = blocks[i].at;
                if (blocks[i].size == 0) continue;
                const char was = *first;
                if (!is_hot(i, blocks[i])) continue;
                *first = static_cast<char>(was + 1);
                *first = was;
            }
            ::raise(SIGSTOP);
        }
        int status = 0;
        if (::waitpid(trial, &status, WUNTRACED) != trial || !WIFSTOPPED(status)) return false;
        const int error = warm::end_profile(trial);
        ::kill(trial, SIGKILL);
        ::waitpid(trial, nullptr, 0);
        return error == 0;
    }
};

TEST_F(WarmPlacement, WhatATrialWritesToStandsTogetherInTheNextInterpreter) {
    ASSERT_TRUE(learn());
    const auto scattered = interpret(0);
    warm::begin_placement(*profile);
    const auto blocks = interpret(0);
    const warm::Placed placed = warm::end_placement();
    std::size_t hot = 0, bytes = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        EXPECT_TRUE(intact(blocks[i])) << i;
        if (is_hot(i, blocks[i])) ++hot, bytes += warm::align_block(blocks[i].size);
    }
    ASSERT_GT(hot, 200u);
    EXPECT_EQ(placed.blocks, hot);
    EXPECT_EQ(placed.bytes, bytes);
    const auto pages = pages_of(blocks, true);
    EXPECT_LE(pages.size(), bytes / 4096 + 2);
    EXPECT_GT(pages_of(scattered, true).size(), 3 * pages.size());
    for (const auto page : pages_of(blocks, false)) EXPECT_FALSE(pages.contains(page)) << "one of both kinds";
}

TEST_F(WarmPlacement, AnInterpreterThatGoesASlightlyOtherWayIsFollowed) {
    ASSERT_TRUE(learn());
    warm::begin_placement(*profile);
    const auto blocks = interpret(3);
    const warm::Placed placed = warm::end_placement();
    std::size_t hot = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        EXPECT_TRUE(intact(blocks[i])) << i;
        hot += is_hot(i, blocks[i]) ? 1 : 0;
    }
    EXPECT_LE(placed.blocks, hot * 11 / 10);
    EXPECT_LE(pages_of(blocks, true).size(), placed.bytes / 4096 + hot / 10);
}

TEST_F(WarmPlacement, BlocksThatWerePlacedCanBeFreedAndGrowLater) {
    ASSERT_TRUE(learn());
    warm::begin_placement(*profile);
    auto blocks = interpret(0);
    ASSERT_GT(warm::end_placement().blocks, 0u);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const std::size_t before = blocks[i].size;
        if (i % 2 == 0) {
            blocks[i].size += 1 + i % 2000;
            blocks[i].at = static_cast<char*>(current.realloc(current.context, blocks[i].at, blocks[i].size));
            Block old = blocks[i];
            old.size = before;
            EXPECT_TRUE(intact(old)) << i;
        }
        current.free(current.context, blocks[i].at);
    }
}

TEST_F(WarmPlacement, WithoutAProfileNothingIsPlaced) {
    warm::begin_placement(*profile);
    EXPECT_EQ(current.malloc, kUsual.malloc);
    EXPECT_EQ(warm::end_placement().blocks, 0u);
}

TEST_F(WarmPlacement, AnAllocatorThatIsNotTheUsualOneIsLeftAlone) {
    ASSERT_TRUE(learn());
    int context = 0;
    current.context = &context;
    EXPECT_FALSE(warm::begin_profile(*profile));
    warm::begin_placement(*profile);
    EXPECT_EQ(current.context, &context);
    EXPECT_EQ(warm::end_placement().blocks, 0u);
}

}  // namespace
