// An ipc namespace stays with its seat while nobody has made anything in it. What a sandbox makes there (System V's
// segments, semaphores and queues, POSIX queues) no other sandbox meets: not the object, not its name, not a number
// that tells of it.

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

// Makes one object of each kind that `kinds` names, with a known key, and prints its number: the kernel counts them up
// in each namespace. Then what the namespace is said to hold. The queue is a small one: until its namespace is gone the
// kernel counts it against the bound of all sandboxes together.
Spec makes(const std::string& kinds, const std::string& before = "") {
    return program({"python3", "-c",
                    "import ctypes,os\nlibc=ctypes.CDLL(None,use_errno=True)\n" + before +
                        "\n"
                        "def q():\n"
                        " fd=libc.syscall(240,b'traces',0o102,0o600,(ctypes.c_long*8)(0,1,64,0))\n"
                        " return -1 if fd<0 else 0\n"
                        "make={'shm':lambda:libc.shmget(77,4096,0o1600),'sem':lambda:libc.semget(77,1,0o1600),\n"
                        "      'msg':lambda:libc.msgget(77,0o1600),'queue':q}\n"
                        "find={'shm':lambda:libc.shmget(77,0,0),'sem':lambda:libc.semget(77,0,0),\n"
                        "      'msg':lambda:libc.msgget(77,0),'queue':lambda:libc.syscall(240,b'traces',0,0,None)}\n"
                        "for k in '" +
                        kinds +
                        "'.split(): print(k,find[k](),make[k]())\n"
                        "if 'msg' in '" +
                        kinds + "': libc.msgsnd(libc.msgget(77,0),ctypes.byref(ctypes.c_long(1)),0,0)\n"});
}

std::string traces(Rig& rig) {
    return rig.run(shell("for f in shm sem msg; do tail -n +2 /proc/sysvipc/$f; done")).out;
}

std::string ipc_of_a_launch(Rig& rig) { return rig.run(shell("readlink /proc/self/ns/ipc")).out; }

constexpr const char* kAll = "shm sem msg queue";
constexpr const char* kNew = "shm -1 0\nsem -1 0\nmsg -1 0\nqueue -1 0\n";

}  // namespace

TEST(Ipc, WhatASandboxMakesNoOtherMeetsNorANumberOfIt) {
    Rig rig;
    for (int round = 0; round < 3; ++round) {
        Outcome outcome = rig.run(makes(kAll));
        EXPECT_EQ(outcome.out, kNew) << "round " << round << ": " << outcome.err;
        EXPECT_TRUE(outcome.exit.refused_calls.empty()) << "they are allowed";
        EXPECT_EQ(traces(rig), "");
    }
}

TEST(Ipc, EachKindAloneIsSeen) {
    Rig rig;
    for (const std::string kind : {"shm", "sem", "msg", "queue"}) {
        EXPECT_EQ(rig.run(makes(kind)).out, kind + " -1 0\n");
        EXPECT_EQ(rig.run(makes(kAll)).out, kNew) << "after " << kind;
    }
}

// The launcher of an ordinary user may not look at such a process, nor tell whose it is.
TEST(Ipc, OfAProcessThatCannotBeLookedAtItIsSeenAsWell) {
    Rig rig;
    for (int round = 0; round < 2; ++round) EXPECT_EQ(rig.run(makes(kAll, "libc.prctl(4,0,0,0,0)")).out, kNew);
    EXPECT_EQ(traces(rig), "");
}

TEST(Ipc, SandboxesAtTheSameTimeHaveOneEach) {
    Rig rig;
    const Launched beside = rig.start(shell("while :; do sleep 0.01; done"));
    EXPECT_EQ(rig.run(makes(kAll)).out, kNew);
    const std::string first = ipc_of_a_launch(rig);
    const Launched third = rig.start(shell("while :; do sleep 0.01; done"));
    EXPECT_NE(ipc_of_a_launch(rig), first) << "its seat is in use";
    rig.stop(beside.id);
    rig.stop(third.id);
    EXPECT_EQ(rig.run(makes(kAll)).out, kNew);
}

TEST(Ipc, TheNamespaceIsKeptUntilSomethingIsMadeThere) {
    Rig rig;
    if (!rig.run(program({"/bin/true"})).exit.refusals_seen) GTEST_SKIP() << "no listener: each launch has a new one";
    std::set<std::string> kept;
    for (int launch = 0; launch < 8; ++launch) kept.insert(ipc_of_a_launch(rig));
    EXPECT_LE(kept.size(), 3u) << "a namespace whose sockets the kernel has not let go of yet costs another seat";
    EXPECT_EQ(rig.run(makes("sem")).out, "sem -1 0\n");
    EXPECT_EQ(traces(rig), "");
}

// Limits of the namespace are settings that a later sandbox would meet.
TEST(Ipc, ItsSettingsCannotBeChanged) {
    Rig rig;
    Outcome outcome = rig.run(
        shell("cd /proc/sys; n=0; for f in kernel/shm* kernel/msg* kernel/sem kernel/sem_next_id kernel/auto_msgmni "
              "fs/mqueue/*; do [ -e $f ] || continue; n=$((n+1)); "
              "if (echo 1 > $f) 2>/dev/null; then echo $f; fi; done; [ $n -gt 8 ] && echo done"));
    EXPECT_EQ(outcome.out, "done\n") << outcome.err;
}
