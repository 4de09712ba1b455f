/* The least program that can be launched: no library, no page touched but its own. */
void _start(void) {
#if defined(__x86_64__)
    __asm__ volatile("mov $231, %eax; xor %edi, %edi; syscall");
#elif defined(__aarch64__)
    __asm__ volatile("mov x8, #94; mov x0, #0; svc #0");
#else
#error "exit_group(0) for this architecture"
#endif
    __builtin_unreachable();
}
