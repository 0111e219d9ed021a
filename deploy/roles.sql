-- Run once, when compose makes its database: who owns the tables, and who may only use them.
CREATE ROLE puente_owner LOGIN PASSWORD 'puente' NOSUPERUSER NOBYPASSRLS;
CREATE ROLE puente_app LOGIN PASSWORD 'puente' NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE puente OWNER puente_owner;
