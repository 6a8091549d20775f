/* SPDX-License-Identifier: MIT */
/* A program in C++ with accounts that scripts book on: ledger SCRIPT.amb
 *
 * The script imports `ledger`: the class Account, which is a C++ class of this program, and a few functions that are lambdas. It
 * offers close_day(accounts), which is called with accounts made here. */
#include <fstream>
#include <iostream>
#include <iterator>

#include "ambit.hpp"

class Account {
public:
    Account(std::string owner, std::int64_t cents) : owner_(std::move(owner)), cents_(cents)
    {
        if (cents < 0) throw std::domain_error("an account cannot begin below zero");
        living++;
    }
    ~Account() { living--; }
    Account(const Account &) = delete;
    const std::string &owner() const { return owner_; }
    std::int64_t balance() const { return cents_; }
    const std::vector<std::int64_t> &bookings() const { return bookings_; }
    void book(std::int64_t cents)
    {
        if (cents_ + cents < 0) throw std::domain_error(owner_ + " has only " + std::to_string(cents_));
        cents_ += cents;
        bookings_.push_back(cents);
    }
    static int living;

private:
    std::string owner_;
    std::int64_t cents_;
    std::vector<std::int64_t> bookings_;
};
int Account::living = 0;

static int serve(const char *path)
{
    std::ifstream file(path);
    if (!file) {
        std::cerr << "ledger: cannot read " << path << '\n';
        return 1;
    }
    std::string source{std::istreambuf_iterator<char>(file), {}};
    ambit::machine m;
    ambit::object_class<Account> accounts(m, "Account");
    ambit::scope names(m.vm());
    std::vector<std::string> log;
    amb_value account = accounts.method<&Account::book>("book").getter<&Account::owner>("owner").getter<&Account::balance>("balance")
                            .getter<&Account::bookings>("bookings").constructed_from<std::string, std::int64_t>();
    m.module("ledger", {
        {"Account", account},
        {"log", m.function("log", 1, 1, [&log](const ambit::call &c) {
             log.push_back(c.arg<std::string>(0));
             return amb_int(static_cast<std::int64_t>(log.size()));
         })},
        {"line", m.function("line", 1, 1, [&log](const ambit::call &c) {
             auto i = c.arg<std::int64_t>(0);
             if (i < 0 || static_cast<std::size_t>(i) >= log.size()) throw std::out_of_range("the log has no such line");
             return ambit::converter<std::string>::to(c.vm, log[static_cast<std::size_t>(i)]);
         })},
        /* C++, script, C++, script: an error goes through all of them. */
        {"twice", m.function("twice", 1, 1, [](const ambit::call &c) {
             amb_value out;
             for (int i = 0; i < 2; i++) ambit::check(c.vm, amb_call_function(c.vm, c.args[0], nullptr, 0, &out));
             return out;
         })},
        {"surprise", m.function("surprise", 0, 0, [](const ambit::call &) -> amb_value { throw 42; })},
    });

    amb_script *script = m.run(path, source);
    ambit::pinned close_day = m.exported(script, "close_day"), spend = m.exported(script, "spend");
    std::int64_t total;
    {
        ambit::scope day(m.vm());
        std::vector<amb_value> open = {accounts.make(std::make_unique<Account>("Ann", 10000)),
                                       accounts.make(std::make_unique<Account>("Bo", 250))};
        total = m.call<std::int64_t>(close_day, open);
        for (amb_value v : open) std::cout << accounts.of(v).owner() << " has " << accounts.of(v).balance() << '\n';
        try {
            m.call<bool>(spend, open[1], std::int64_t(100000));
        } catch (const ambit::error &e) {
            std::cout << "spend: " << e.type() << ": " << e.what() << '\n';
        }
    }
    std::cout << "total " << total << ", " << log.size() << " lines in the log\n";
    for (const char *name : {"forever", "grab"}) {
        try {
            m.call<bool>(m.exported(script, name));
        } catch (const ambit::error &e) {
            std::cout << name << ": " << (e.status() == AMB_E_LIMIT ? "limit: " : "") << e.what() << '\n';
        }
    }
    std::cout << "afterwards: " << m.call<std::string>(m.exported(script, "still_there")) << '\n';
    amb_gc_collect(m.vm());
    std::cout << "accounts left: " << Account::living << '\n'; /* the script keeps one */
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "Usage: ledger SCRIPT.amb\n";
        return 2;
    }
    int status = 1;
    try {
        status = serve(argv[1]);
    } catch (const ambit::error &e) {
        std::cerr << "ledger: " << e.what() << '\n' << e.report();
    } catch (const std::exception &e) {
        std::cerr << "ledger: " << e.what() << '\n';
    }
    std::cout << "accounts at the end: " << Account::living << '\n';
    return status;
}
