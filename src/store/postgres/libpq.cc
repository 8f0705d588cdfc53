// libpq, loaded when the first connection is made. Linked, it would be loaded by every command with
// the eighteen libraries that it needs (Kerberos, LDAP, GnuTLS, …): four of the ten milliseconds
// that starting took, also where no PostgreSQL is near.
#include "store/postgres/libpq.h"

#include <dlfcn.h>
#include <libpq-fe.h>

#include "base/check.h"

namespace {

void* Library() {
  static void* const library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  return library;
}

/// Nobody gets here without LibpqIsThere.
template <class Function>
Function* Loaded(const char* name) {
  void* found = dlsym(Library(), name);
  CHECK(found != nullptr);
  return reinterpret_cast<Function*>(found);
}

}  // namespace

namespace stetig::store::postgres {

bool LibpqIsThere() { return Library() != nullptr; }

}  // namespace stetig::store::postgres

// The functions that we use, as libpq-fe.h declares them.
extern "C" {

int PQcancel(PGcancel* cancel, char* errbuf, int errbufsize) {
  static auto* const function = Loaded<decltype(PQcancel)>("PQcancel");
  return function(cancel, errbuf, errbufsize);
}

void PQclear(PGresult* res) {
  static auto* const function = Loaded<decltype(PQclear)>("PQclear");
  return function(res);
}

char* PQcmdStatus(PGresult* res) {
  static auto* const function = Loaded<decltype(PQcmdStatus)>("PQcmdStatus");
  return function(res);
}

char* PQcmdTuples(PGresult* res) {
  static auto* const function = Loaded<decltype(PQcmdTuples)>("PQcmdTuples");
  return function(res);
}

PostgresPollingStatusType PQconnectPoll(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQconnectPoll)>("PQconnectPoll");
  return function(conn);
}

PGconn* PQconnectStartParams(const char* const* keywords, const char* const* values,
                             int expand_dbname) {
  static auto* const function = Loaded<decltype(PQconnectStartParams)>("PQconnectStartParams");
  return function(keywords, values, expand_dbname);
}

PGconn* PQconnectdb(const char* conninfo) {
  static auto* const function = Loaded<decltype(PQconnectdb)>("PQconnectdb");
  return function(conninfo);
}

int PQconsumeInput(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQconsumeInput)>("PQconsumeInput");
  return function(conn);
}

int PQenterPipelineMode(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQenterPipelineMode)>("PQenterPipelineMode");
  return function(conn);
}

char* PQerrorMessage(const PGconn* conn) {
  static auto* const function = Loaded<decltype(PQerrorMessage)>("PQerrorMessage");
  return function(conn);
}

PGresult* PQexec(PGconn* conn, const char* query) {
  static auto* const function = Loaded<decltype(PQexec)>("PQexec");
  return function(conn, query);
}

void PQfinish(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQfinish)>("PQfinish");
  return function(conn);
}

int PQflush(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQflush)>("PQflush");
  return function(conn);
}

Oid PQftype(const PGresult* res, int field_num) {
  static auto* const function = Loaded<decltype(PQftype)>("PQftype");
  return function(res, field_num);
}

PGresult* PQgetResult(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQgetResult)>("PQgetResult");
  return function(conn);
}

int PQgetisnull(const PGresult* res, int tup_num, int field_num) {
  static auto* const function = Loaded<decltype(PQgetisnull)>("PQgetisnull");
  return function(res, tup_num, field_num);
}

int PQgetlength(const PGresult* res, int tup_num, int field_num) {
  static auto* const function = Loaded<decltype(PQgetlength)>("PQgetlength");
  return function(res, tup_num, field_num);
}

char* PQgetvalue(const PGresult* res, int tup_num, int field_num) {
  static auto* const function = Loaded<decltype(PQgetvalue)>("PQgetvalue");
  return function(res, tup_num, field_num);
}

int PQisBusy(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQisBusy)>("PQisBusy");
  return function(conn);
}

int PQnfields(const PGresult* res) {
  static auto* const function = Loaded<decltype(PQnfields)>("PQnfields");
  return function(res);
}

int PQntuples(const PGresult* res) {
  static auto* const function = Loaded<decltype(PQntuples)>("PQntuples");
  return function(res);
}

int PQpipelineSync(PGconn* conn) {
  static auto* const function = Loaded<decltype(PQpipelineSync)>("PQpipelineSync");
  return function(conn);
}

char* PQresultErrorField(const PGresult* res, int fieldcode) {
  static auto* const function = Loaded<decltype(PQresultErrorField)>("PQresultErrorField");
  return function(res, fieldcode);
}

ExecStatusType PQresultStatus(const PGresult* res) {
  static auto* const function = Loaded<decltype(PQresultStatus)>("PQresultStatus");
  return function(res);
}

int PQsendPrepare(PGconn* conn, const char* stmtName, const char* query, int nParams,
                  const Oid* paramTypes) {
  static auto* const function = Loaded<decltype(PQsendPrepare)>("PQsendPrepare");
  return function(conn, stmtName, query, nParams, paramTypes);
}

int PQsendQueryParams(PGconn* conn, const char* command, int nParams, const Oid* paramTypes,
                      const char* const* paramValues, const int* paramLengths,
                      const int* paramFormats, int resultFormat) {
  static auto* const function = Loaded<decltype(PQsendQueryParams)>("PQsendQueryParams");
  return function(conn, command, nParams, paramTypes, paramValues, paramLengths, paramFormats,
                  resultFormat);
}

int PQsendQueryPrepared(PGconn* conn, const char* stmtName, int nParams,
                        const char* const* paramValues, const int* paramLengths,
                        const int* paramFormats, int resultFormat) {
  static auto* const function = Loaded<decltype(PQsendQueryPrepared)>("PQsendQueryPrepared");
  return function(conn, stmtName, nParams, paramValues, paramLengths, paramFormats, resultFormat);
}

int PQserverVersion(const PGconn* conn) {
  static auto* const function = Loaded<decltype(PQserverVersion)>("PQserverVersion");
  return function(conn);
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn* conn, PQnoticeReceiver proc, void* arg) {
  static auto* const function = Loaded<decltype(PQsetNoticeReceiver)>("PQsetNoticeReceiver");
  return function(conn, proc, arg);
}

int PQsetnonblocking(PGconn* conn, int arg) {
  static auto* const function = Loaded<decltype(PQsetnonblocking)>("PQsetnonblocking");
  return function(conn, arg);
}

int PQsocket(const PGconn* conn) {
  static auto* const function = Loaded<decltype(PQsocket)>("PQsocket");
  return function(conn);
}

ConnStatusType PQstatus(const PGconn* conn) {
  static auto* const function = Loaded<decltype(PQstatus)>("PQstatus");
  return function(conn);
}

PGTransactionStatusType PQtransactionStatus(const PGconn* conn) {
  static auto* const function = Loaded<decltype(PQtransactionStatus)>("PQtransactionStatus");
  return function(conn);
}

}  // extern "C"
